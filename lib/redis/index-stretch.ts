import { scripts } from './all-scripts.js';
import { idOfMember, type IndexName } from './keys.js';
import { byPartitionOf } from './partitions.js';
import type { RedisStore } from './redis-store.js';

/** One that stands in an index. */
export interface Entry {
  readonly id: string;
  readonly member: string;
  readonly score: number;
}

/** A part of an index of a name in a partition; `line` is what is due in `timed`, as it will stand in `ready`. */
export interface IndexPart {
  readonly partition: RedisStore;
  readonly name: string;
  readonly index: IndexName;
  readonly part: 'all' | 'due' | 'ahead' | 'line';
}

/**
 * Where a stretch begins: at a rank, at a score, or behind one that was looked at before, so that a
 * walk goes on whatever has changed before it.
 */
export type Start =
  | { readonly rank: number }
  | { readonly score: number }
  | { readonly behind: { readonly member: string; readonly score: string } };

export interface StretchRequest {
  readonly of: IndexPart;
  readonly start: Start;
  /** How many to look at. */
  readonly count: number;
}

export interface Stretch {
  /** How many stand in the part. */
  readonly size: number;
  /** Whether some of these may be left out: recurring jobs, and those that wait for a retry. */
  readonly isMixed: boolean;
  /** How many of the part stand before the stretch. */
  readonly before: number;
  readonly entries: readonly Entry[];
  /** Where to go on; `undefined` at the end of the part. */
  readonly next: Start | undefined;
}

/** How indexes are read. */
export interface Reading {
  readonly backwards: boolean;
  /** The instant that parts what is due from what is ahead. */
  readonly at: number;
}

/** In one call, which then takes Redis well below 2 ms. */
export const MAX_ENTRIES = 500;
const MAX_STRETCHES = 100;

/** Reads stretches; answers come in their order. Partitions are asked side by side. */
export function readStretches(
  requests: readonly StretchRequest[],
  reading: Reading,
): Promise<Stretch[]> {
  return byPartitionOf(
    requests,
    ({ of }) => of.partition,
    (partition, share) => readIn(partition, share, reading),
  );
}

/**
 * In as many calls as their sizes need, one after the other: Redis carries out what comes in one piece without
 * a look at its other clients.
 */
async function readIn(
  partition: RedisStore,
  requests: readonly StretchRequest[],
  reading: Reading,
): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  for (const call of inCalls(requests)) {
    stretches.push(...(await readSome(partition, call, reading)));
  }
  return stretches;
}

function inCalls(requests: readonly StretchRequest[]): StretchRequest[][] {
  const calls: StretchRequest[][] = [];
  let call: StretchRequest[] | undefined;
  let entries = 0;
  for (const request of requests) {
    entries += request.count;
    if (!call || call.length === MAX_STRETCHES || entries > MAX_ENTRIES) {
      calls.push((call = []));
      entries = request.count;
    }
    call.push(request);
  }
  return calls;
}

async function readSome(
  store: RedisStore,
  requests: readonly StretchRequest[],
  { backwards, at }: Reading,
): Promise<Stretch[]> {
  const [, ...parts] = await store.run(scripts.pageIndexes, [
    backwards ? '-' : '+',
    String(at),
    ...requests.flatMap(argsOf),
  ]);
  let position = 0;
  return requests.map((request) => {
    const [size, mixed, before, looked, kept, score] = parts[position]!.split(' ');
    const member = parts[position + 1]!;
    const members = parts.slice(position + 2, position + 2 + 2 * Number(kept));
    position += 2 + members.length;
    const isOver = Number(before) + Number(looked) >= Number(size);
    return {
      size: Number(size),
      isMixed: mixed === '1',
      before: Number(before),
      entries: entriesOf(store, request.of, members),
      next: isOver ? undefined : nextOf(request, Number(looked), { member, score: score! }),
    };
  });
}

function argsOf({ of: { name, index, part }, start, count }: StretchRequest): string[] {
  return [name, `${index} ${part}`, startText(start), String(count)];
}

function startText(start: Start): string {
  if ('rank' in start) return `rank ${start.rank}`;
  if ('score' in start) return `score ${start.score}`;
  return `behind ${start.behind.score} ${start.behind.member}`;
}

function nextOf(
  { start, count }: StretchRequest,
  looked: number,
  last: { member: string; score: string },
): Start | undefined {
  if (looked < count) return undefined;
  return looked === 0 ? start : { behind: last };
}

function entriesOf(
  { order }: RedisStore,
  { index, part }: IndexPart,
  members: readonly string[],
): Entry[] {
  const form = part === 'line' ? 'ready' : index;
  const entries: Entry[] = [];
  for (let i = 0; i < members.length; i += 2) {
    const member = members[i]!;
    const id = idOfMember(form, member, order);
    entries.push({ id, member, score: Number(members[i + 1]) });
  }
  return entries;
}
