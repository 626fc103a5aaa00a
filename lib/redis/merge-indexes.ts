import { compareTexts } from '../core/query/job-order.js';
import {
  MAX_ENTRIES,
  readStretches,
  type Entry,
  type IndexPart,
  type Reading,
  type Start,
  type Stretch,
  type StretchRequest,
} from './index-stretch.js';
import { ranksBefore } from './skip-ranks.js';

/** A part of an index, and where it goes at one score: a lower turn first. */
export interface MergedPart extends IndexPart {
  readonly turn: number;
  /** Where it begins, as a rank. */
  readonly begin: number;
}

interface MergedEntry extends Entry {
  readonly turn: number;
}

type Compare = (a: MergedEntry, b: MergedEntry) => number;

/** How many of a name a merge has in a partition. */
export interface Tally {
  readonly name: string;
  readonly size: number;
  /** Whether some of these will be left out: see {@link Stretch}. */
  readonly isMixed: boolean;
}

/** So many of those that are due but not yet in the line are put in order: as many as a claim moves. */
export const LINE_LENGTH = 50;
const SHORTEST_STEP = 4;
const LONGEST_STEP = MAX_ENTRIES;

/**
 * Parts of indexes, read as one in the order of scores. Of each part as much is read as the order
 * needs: the heads of all, then more of those that turn out to hold many of the first.
 */
export class IndexMerge {
  private readonly sources: readonly Source[];
  private readonly compare: Compare;

  /** @param wanted how many will be read, as far as that is known */
  constructor(
    private readonly reading: Reading,
    parts: readonly MergedPart[],
    wanted: number,
  ) {
    const sign = reading.backwards ? -1 : 1;
    this.compare = (a, b) =>
      sign * (a.score - b.score || a.turn - b.turn || compareTexts(a.member, b.member));
    const step = Math.ceil((2 * wanted) / Math.max(parts.length, 1));
    this.sources = parts.map((part) => new Source(part, this.compare, step));
  }

  /** Reads, at once, the heads of the first merge and the sizes of all. */
  static async open(first: IndexMerge, others: readonly IndexMerge[]): Promise<Tally[]> {
    const counted = others.flatMap(({ sources }) => sources);
    const sources = [...first.sources, ...counted];
    const requests = [
      ...first.sources.map((source) => source.request()),
      ...counted.map((source) => source.sizeRequest()),
    ];
    const stretches = await readStretches(requests, first.reading);
    stretches.forEach((stretch, i) => sources[i]!.accept(stretch));
    return sources.map(({ part: { name }, size, isMixed }) => ({ name, size, isMixed }));
  }

  /** Steps over as many of the first as can be without reading them; tells how many those were. */
  async skip(count: number): Promise<number> {
    const sources = this.sources.filter(({ size }) => size > 0);
    if (sources.some(({ canJump }) => !canJump)) return 0;
    const ranks = await this.ranksFor(count, sources);
    sources.forEach((source, i) => source.jump(ranks[i]!));
    return sumOf(ranks);
  }

  /** All of them, in order, in batches. */
  async *batches(): AsyncGenerator<readonly Entry[]> {
    for (;;) {
      await this.feed();
      const batch = this.certain();
      if (batch.length === 0) return;
      yield batch;
    }
  }

  private async ranksFor(count: number, sources: readonly Source[]): Promise<readonly number[]> {
    const sizes = sources.map(({ size }) => size);
    if (count >= sumOf(sizes)) return sizes;
    if (sources.length === 1) return [count];
    if (count <= MAX_ENTRIES) return sizes.map(() => 0);
    return ranksBefore(this.reading, sources, count);
  }

  /** Those that nothing unread can come before. */
  private certain(): Entry[] {
    const bounds = this.sources.flatMap(({ bound }) => bound ?? []).sort(this.compare);
    const isCertain = (entry: MergedEntry) =>
      bounds[0] === undefined || this.compare(entry, bounds[0]) <= 0;
    return this.sources.flatMap((source) => source.take(isCertain)).sort(this.compare);
  }

  /** Reads on until something is known of every part that has not ended. */
  private async feed(): Promise<void> {
    for (;;) {
      const hungry = this.sources.filter(({ isHungry }) => isHungry);
      if (hungry.length === 0) return;
      const requests = hungry.map((source) => source.request());
      const stretches = await readStretches(requests, this.reading);
      stretches.forEach((stretch, i) => hungry[i]!.accept(stretch));
    }
  }
}

/** One part on the way through it. */
class Source {
  /** How many stand in it. */
  size = 0;
  isMixed = false;
  private entries: MergedEntry[] = [];
  private next: Start | undefined;

  constructor(
    readonly part: MergedPart,
    private readonly compare: Compare,
    private step: number,
  ) {
    this.next = { rank: part.begin };
  }

  get isHungry(): boolean {
    return this.entries.length === 0 && this.next !== undefined;
  }

  /** Whether a rank tells how many come before. */
  get canJump(): boolean {
    return !this.isMixed && this.part.part !== 'line';
  }

  /** The last one that is known, if more come behind it. */
  get bound(): MergedEntry | undefined {
    return this.next && this.entries.at(-1);
  }

  request(): StretchRequest {
    if (this.part.part === 'line') return { ...this.sizeRequest(), count: LINE_LENGTH };
    const count = Math.min(Math.max(this.step, SHORTEST_STEP), LONGEST_STEP);
    this.step = 2 * count;
    return { ...this.sizeRequest(), count };
  }

  sizeRequest(): StretchRequest {
    return { of: this.part, start: this.next!, count: 0 };
  }

  accept({ size, isMixed, entries, next }: Stretch): void {
    const { part, turn, begin } = this.part;
    const isLine = part === 'line';
    this.isMixed = isMixed;
    this.size = isLine ? entries.length : Math.max(size - begin, 0);
    this.entries = entries.map((entry) => ({ ...entry, turn }));
    this.next = isLine || this.size === 0 ? undefined : next;
    if (isLine) this.entries.sort(this.compare);
  }

  take(isCertain: (entry: MergedEntry) => boolean): MergedEntry[] {
    const first = this.entries.findIndex((entry) => !isCertain(entry));
    return this.entries.splice(0, first < 0 ? Infinity : first);
  }

  /** Goes on at a rank, counted from where the part begins. */
  jump(rank: number): void {
    if (rank === 0) return;
    this.entries = [];
    this.next = rank < this.size ? { rank: this.part.begin + rank } : undefined;
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);
