/**
 * An answer of the store that is good for a while, for all who ask: the board asks for each name alone, and again
 * every few seconds. Who asks while it is being read waits for the same answer; a failure is not kept.
 */
export class Remembered<Answer> {
  private answer: Promise<Answer> | undefined;
  private readAt = -Infinity;

  constructor(
    private readonly read: () => Promise<Answer>,
    private readonly forMs: number,
  ) {}

  get(): Promise<Answer> {
    if (this.answer && performance.now() < this.readAt + this.forMs) return this.answer;
    const answer = this.read();
    this.answer = answer;
    this.readAt = performance.now();
    answer.catch(() => {
      if (this.answer === answer) this.answer = undefined;
    });
    return answer;
  }

  /** Something has changed: it is read anew. */
  forget(): void {
    this.answer = undefined;
  }
}
