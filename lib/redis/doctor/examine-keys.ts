import { scripts } from '../all-scripts.js';
import { idOfMember } from '../keys.js';
import { keysUnder } from '../keys-under.js';
import { inBites } from '../read-jobs.js';
import { pairsOf, scanPages } from '../repartition/scan-pages.js';
import { inPages } from '../walk-jobs.js';
import type { Examination } from './examination.js';
import { RESCUES_OTHERWISE } from './examine-jobs.js';
import { keyOfName, nameOfIndex, ownKey, type EntryKind, type OwnKey } from './own-keys.js';

const KEYS_AT_ONCE = 100;
const FIRST_ENTRIES = 4;
const ENTRIES_AT_ONCE = 50;
const PAGE_BYTES = 1_048_576;
/** In front of the keys of other partitions, which have a hash tag of their own. */
const OTHER_PARTITION = /^\{\d+\.\d+\}:/;
const STAGED = '~repartition~:';

/** What the names of keys tell of names, and of keys of names. */
export interface Met {
  readonly names: Set<string>;
  /** Key of a name, by both. */
  readonly lines: Map<string, readonly [name: string, key: string]>;
}

/** Looks at every key under the prefix of a partition, or of what is nobody's alone, and at the entries of each. */
export async function examineKeys(examination: Examination, prefix: string): Promise<Met> {
  const { connection } = examination.partition;
  const met: Met = { names: new Set(), lines: new Map() };
  for await (const page of keysUnder(connection, prefix)) {
    const own = known(examination, page, prefix);
    for (const some of inPages(own, KEYS_AT_ONCE)) await examineForms(examination, some);
    for (const key of own) {
      note(met, key);
      if (key.entries !== undefined) await examineEntries(examination, key);
    }
  }
  return met;
}

function known(examination: Examination, page: readonly string[], prefix: string): OwnKey[] {
  const several = examination.whole.partitions.length > 1;
  return page.flatMap((key) => {
    const rest = key.slice(prefix.length);
    if (several && OTHER_PARTITION.test(rest)) return [];
    const own = ownKey(rest);
    if (!own) {
      const why = rest.startsWith(STAGED)
        ? ', but of a change of partitions that was left half way'
        : '';
      examination.note('unknown-key', rest, why, 'left');
    }
    return own ? [own] : [];
  });
}

function note(met: Met, key: OwnKey): void {
  const name = nameOfIndex(key);
  if (name !== undefined) met.names.add(name);
  const line = keyOfName(key);
  if (line) met.lines.set(key.text, line);
}

async function examineForms(examination: Examination, keys: readonly OwnKey[]): Promise<void> {
  const parts = keys.flatMap(({ rest, type, passes, ofJob, text }) => [
    rest,
    type,
    passes ? 'passes' : 'stays',
    ofJob ? text : '',
  ]);
  await examination.ask(scripts.examineKeys, parts);
}

const SCANS = { hash: 'HSCAN', set: 'SSCAN', zset: 'ZSCAN' } as const;

async function examineEntries(examination: Examination, key: OwnKey): Promise<void> {
  const { connection, keys } = examination.partition;
  const { rest, type, entries, text } = key;
  const command = SCANS[type as keyof typeof SCANS];
  const [name, keyOf] = keyOfName(key) ?? [text, ''];
  const head = [RESCUES_OTHERWISE, rest, entries!, name, keyOf];
  let count = FIRST_ENTRIES;
  try {
    const pages = scanPages(connection, command, `${keys.prefix}${rest}`, () => count);
    for await (const page of pages) {
      count = nextCount(page, count);
      const found = withoutStrays(
        examination,
        entries!,
        command === 'SSCAN' ? page.map(alone) : pairsOf(page),
      );
      const look = (bite: readonly string[]) =>
        examination.ask(scripts.examineEntries, [...head, ...bite]);
      await inBites(found, look, ENTRIES_AT_ONCE);
    }
  } catch (error) {
    // Of a key of another type its form tells.
    if (!/WRONGTYPE/.test(String(error))) throw error;
  }
}

const alone = (entry: string): [entry: string, value: string] => [entry, ''];

/** With what hashes hold of an entry, a page makes about as much as other calls. */
function nextCount(page: readonly string[], count: number): number {
  const bytes = page.reduce((sum, { length }) => sum + length, 0);
  const fitting = Math.floor((count * PAGE_BYTES) / Math.max(bytes, 1));
  return Math.max(1, Math.min(fitting, 2 * count, ENTRIES_AT_ONCE));
}

function withoutStrays(
  { strays, partition }: Examination,
  kind: EntryKind,
  pairs: readonly (readonly [entry: string, value: string])[],
): string[] {
  const idOf = (entry: string, value: string): string => {
    if (kind === 'pointer') return value;
    if (kind === 'timed') return idOfMember('timed', entry, partition.order);
    return kind === 'ready' || kind === 'line'
      ? idOfMember('ready', entry, partition.order)
      : entry;
  };
  return pairs.filter(([entry, value]) => !strays.has(idOf(entry, value))).map(([entry]) => entry);
}
