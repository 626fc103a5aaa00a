/** Who uses something that is shared: the first opens it, the last closes it. */
export class Users {
  private readonly present = new Set<symbol>();

  /** One more, until it leaves; none whose opening fails. */
  async join(open: () => Promise<void>): Promise<void> {
    const user = Symbol('user');
    this.present.add(user);
    try {
      await open();
    } catch (error) {
      // It may have left while it was opening: others who came since must not be counted out for it.
      this.present.delete(user);
      throw error;
    }
  }

  /**
   * One less; all are alike, so the eldest goes.
   *
   * @returns whether nobody is left, also when nobody was there
   */
  leave(): boolean {
    const [eldest] = this.present;
    if (eldest !== undefined) this.present.delete(eldest);
    return this.present.size === 0;
  }
}
