import { scripts } from '../all-scripts.js';
import type { EntryKind } from '../key-kinds.js';
import { idOfMember } from '../keys.js';
import { keysUnder } from '../keys-under.js';
import { keyOfName, knownKey, nameOfIndex, type KnownKey } from '../known-key.js';
import { inBites } from '../read-jobs.js';
import { pairsOf, SCAN, scanPages, type PagedType } from '../repartition/scan-pages.js';
import { inPages } from '../walk-jobs.js';
import type { Examination } from './examination.js';
import { RESCUES_OTHERWISE } from './examine-jobs.js';
import type { MetLines } from './met-lines.js';

const KEYS_AT_ONCE = 100;
const FIRST_ENTRIES = 4;
const ENTRIES_AT_ONCE = 50;
const PAGE_BYTES = 1_048_576;
/** In front of the keys of other partitions, which have a hash tag of their own. */
const OTHER_PARTITION = /^\{\d+\.\d+\}:/;
const STAGED = '~repartition~:';

/**
 * Looks at every key under the prefix of a partition, or of what is nobody's alone, and at the entries of each.
 *
 * @param lines - is told of which keys of names there are any
 * @returns the names that those of keys tell
 */
export async function examineKeys(
  examination: Examination,
  prefix: string,
  lines: MetLines,
): Promise<Set<string>> {
  const { connection } = examination.partition;
  const names = new Set<string>();
  for await (const page of keysUnder(connection, prefix)) {
    const own = known(examination, page, prefix);
    for (const some of inPages(own, KEYS_AT_ONCE)) await examineForms(examination, some);
    for (const key of own) {
      const name = nameOfIndex(key);
      if (name !== undefined) names.add(name);
      const line = keyOfName(key);
      if (line) await lines.add(...line);
      if (key.entries !== undefined) await examineEntries(examination, key);
    }
  }
  return names;
}

function known(examination: Examination, page: readonly string[], prefix: string): KnownKey[] {
  const several = examination.whole.partitions.length > 1;
  return page.flatMap((key) => {
    const rest = key.slice(prefix.length);
    if (several && OTHER_PARTITION.test(rest)) return [];
    const own = knownKey(rest);
    if (!own) {
      const why = rest.startsWith(STAGED)
        ? ', but of a change of partitions that was left half way'
        : '';
      examination.note('unknown-key', rest, why, 'left');
    }
    return own ? [own] : [];
  });
}

async function examineForms(examination: Examination, keys: readonly KnownKey[]): Promise<void> {
  const forms = keys.map(({ rest, type, passes, ofJob, text }) => [
    rest,
    type,
    passes ? 'passes' : 'stays',
    ofJob ? text : '',
  ]);
  await examination.ask(scripts.examineKeys, forms);
}

async function examineEntries(examination: Examination, key: KnownKey): Promise<void> {
  const { connection, keys } = examination.partition;
  const { rest, type, entries, text } = key;
  const command = SCAN[type as PagedType];
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
        examination.ask(
          scripts.examineEntries,
          bite.map((entry) => [entry]),
          head,
        );
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
