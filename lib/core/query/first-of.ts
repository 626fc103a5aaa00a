/**
 * Of many things, given one by one, the first in an order: no more than twice as many are held as will
 * be wanted, or a thousand more.
 */
export class FirstOf<T> {
  private held: T[] = [];
  private readonly most: number;

  constructor(
    private readonly wanted: number,
    private readonly compare: (a: T, b: T) => number,
  ) {
    this.most = 2 * wanted + 1000;
  }

  add(thing: T): void {
    this.held.push(thing);
    if (this.held.length > this.most) this.held = this.sorted();
  }

  /** In order. */
  sorted(): T[] {
    return this.held.sort(this.compare).slice(0, this.wanted);
  }
}
