/**
 * Where to look for the next row of a name: first where the last one came from, so that a call asks one partition
 * as long as that has rows; after as many of them as there are partitions first in the one behind it, so that none
 * waits for another to run dry.
 */
export class PartitionTurns {
  private readonly turns = new Map<string, { at: number; given: number }>();

  constructor(private readonly count: number) {}

  /** Their numbers, in the order in which they are asked. */
  *of(name: string): Generator<number> {
    const { at } = this.turnOf(name);
    for (let i = 0; i < this.count; i++) yield (at + i) % this.count;
  }

  /** A row of the name came from a partition. */
  gave(name: string, partition: number): void {
    const turn = this.turnOf(name);
    turn.given = turn.at === partition ? turn.given + 1 : 1;
    turn.at = partition;
    if (turn.given < this.count) return;
    turn.at = (partition + 1) % this.count;
    turn.given = 0;
  }

  private turnOf(name: string): { at: number; given: number } {
    let turn = this.turns.get(name);
    if (!turn) {
      turn = { at: 0, given: 0 };
      this.turns.set(name, turn);
    }
    return turn;
  }
}
