import { scripts } from '../all-scripts.js';
import { keysUnder } from '../keys-under.js';
import { inBites } from '../read-jobs.js';
import { scanPages } from '../repartition/scan-pages.js';
import { inPages } from '../walk-jobs.js';
import type { Examination } from './examination.js';
import { rescuesOtherwise } from './examine-jobs.js';
import { keyOfName, nameOfIndex, ownKey, type OwnKey } from './own-keys.js';

const KEYS_AT_ONCE = 100;
const ENTRIES_AT_ONCE = 50;
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
  const head = [rescuesOtherwise, rest, entries!, name, keyOf];
  const step = command === 'SSCAN' ? 1 : 2;
  try {
    for await (const page of scanPages(
      connection,
      command,
      `${keys.prefix}${rest}`,
      ENTRIES_AT_ONCE,
    )) {
      const found = page.filter((_, i) => i % step === 0);
      const look = (bite: readonly string[]) =>
        examination.ask(scripts.examineEntries, [...head, ...bite]);
      await inBites(found, look, ENTRIES_AT_ONCE);
    }
  } catch (error) {
    // Of a key of another type its form tells.
    if (!/WRONGTYPE/.test(String(error))) throw error;
  }
}
