import type { Move, WholeOwner } from '../key-kinds.js';
import { idOfMember } from '../keys.js';
import { nameAndKey, type KnownKey } from '../known-key.js';
import { allOf } from '../partitions.js';
import type { RedisStore } from '../redis-store.js';
import type { Layouts } from './layout.js';
import { pairsOf, SCAN, scanPages, type PagedType } from './scan-pages.js';

type EntriesMove = Extract<Move, { how: 'entries' }>;

/** Entries of a page; those of hashes may be large. */
const PAGE = { hash: 50, set: 500, zset: 500 } as const;
const WRITE = { hash: 'HSET', set: 'SADD', zset: 'ZADD' } as const;

/** Copies a key of an old partition to where its entries belong. Twice is once. */
export async function copyKey(
  layouts: Layouts,
  source: RedisStore,
  known: KnownKey,
): Promise<void> {
  const { move } = known;
  if (move.how === 'entries') return copyEntries(layouts, source, known, move);
  if (move.how === 'whole')
    return copyWhole(layouts, source, known, ownerOf(layouts, known, move.of));
  if (move.how === 'paged') return copyPaged(layouts, source, known);
}

/** To which partition a key goes that goes as it is. */
function ownerOf(layouts: Layouts, { text }: KnownKey, of: WholeOwner): number {
  if (of === 'job') return layouts.ofJob(text);
  if (of === 'name') return layouts.ofName(text);
  return layouts.ofKey(...nameAndKey(text));
}

async function copyEntries(
  layouts: Layouts,
  source: RedisStore,
  known: KnownKey,
  { of, index }: EntriesMove,
): Promise<void> {
  const type = known.type as PagedType;
  const targetsOf = (entry: string): readonly number[] => {
    switch (of) {
      case 'all':
        return layouts.target.partitions.map((_, number) => number);
      case 'field':
        return [layouts.ofField(entry)];
      case 'key':
        return [layouts.ofKey(known.text, entry)];
      case 'job':
        return [layouts.ofJob(index ? idOfMember(index, entry, source.order) : entry)];
    }
  };
  for await (const page of pagesOf(layouts, source, known.rest, type)) {
    const shares = new Map<number, string[]>();
    for (const { entry, parts } of page) {
      for (const number of targetsOf(entry)) {
        const share = shares.get(number) ?? [];
        shares.set(number, share);
        share.push(...parts);
      }
    }
    const writes = Array.from(shares, ([number, parts]) =>
      write(layouts, number, known.rest, type, parts),
    );
    await allOf(writes);
  }
}

interface Entry {
  readonly entry: string;
  /** As the command takes it that writes it. */
  readonly parts: readonly string[];
}

async function* pagesOf(
  { connection }: Layouts,
  source: RedisStore,
  rest: string,
  type: PagedType,
): AsyncGenerator<Entry[]> {
  const key = `${source.keys.prefix}${rest}`;
  for await (const page of scanPages(connection, SCAN[type], key, PAGE[type])) {
    yield entriesOf(page, type);
  }
}

function entriesOf(page: readonly string[], type: PagedType): Entry[] {
  if (type === 'set') return page.map((entry) => ({ entry, parts: [entry] }));
  return pairsOf(page).map(([entry, value]) => ({
    entry,
    parts: type === 'zset' ? [value, entry] : [entry, value],
  }));
}

async function write(
  layouts: Layouts,
  number: number,
  rest: string,
  type: PagedType,
  parts: readonly string[],
): Promise<void> {
  const key = `${layouts.stagingOf(number)}${rest}`;
  if (parts.length > 0) await layouts.connection.commandAt(key, WRITE[type], key, ...parts);
}

/** Of any type and with its time to live. What is small is no burden as a whole. */
async function copyWhole(
  layouts: Layouts,
  source: RedisStore,
  { rest }: KnownKey,
  number: number,
): Promise<void> {
  const { connection } = layouts;
  const from = `${source.keys.prefix}${rest}`;
  const to = `${layouts.stagingOf(number)}${rest}`;
  const [stored, ttl] = await allOf([
    connection.bytesAt(from, 'DUMP', from),
    connection.commandAt(from, 'PTTL', from),
  ]);
  // Its time may have come meanwhile.
  if (stored === null) return;
  const left = String(Math.max(Number(ttl), 0));
  await connection.bytesAt(to, 'RESTORE', to, left, stored as Buffer, 'REPLACE');
}

async function copyPaged(layouts: Layouts, source: RedisStore, known: KnownKey): Promise<void> {
  const number = ownerOf(layouts, known, 'key');
  for await (const page of pagesOf(layouts, source, known.rest, 'zset')) {
    const parts = page.flatMap((entry) => entry.parts);
    await write(layouts, number, known.rest, 'zset', parts);
  }
}
