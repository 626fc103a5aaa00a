import { allOf, inAll } from '../partitions.js';
import type { RedisStore } from '../redis-store.js';
import type { Layouts } from './layout.js';
import { pairsOf, scanPages } from './scan-pages.js';

const PAGE = 200;
/** Digits of an entry's number at the head of its members, and a letter each for its level and its event behind. */
const NUMBER_WIDTH = 12;

interface Parts {
  readonly logs: string[];
  readonly all: string[];
  /** By the rest of the key. */
  readonly indexes: Map<string, string[]>;
}

/**
 * Copies the log: each entry goes where its job is, one of no job where its name would be. Numbers of several
 * partitions would be the same; each partition gets a stretch of its own.
 *
 * @returns how many numbers have been used
 */
export async function copyLog(layouts: Layouts): Promise<number> {
  const { connection, source } = layouts;
  let used = 0;
  for (const partition of source.partitions) {
    const { meta } = partition.keys;
    const own = Number((await connection.commandAt(meta, 'HGET', meta, 'logSeq')) ?? 0);
    await copyLogOf(layouts, partition, used);
    used += own;
  }
  return used;
}

async function copyLogOf(layouts: Layouts, source: RedisStore, offset: number): Promise<void> {
  const { connection } = layouts;
  const { logs, logsOfAll } = source.keys;
  for await (const page of scanPages(connection, 'ZSCAN', logsOfAll, PAGE)) {
    if (page.length === 0) continue;
    const timed = pairsOf(page);
    const ids = timed.map(([member]) => member.slice(0, NUMBER_WIDTH));
    const texts = await connection.commandAt(logs, 'HMGET', logs, ...ids);
    const entries = timed.map(([member, at], i) => ({
      member,
      at,
      text: (texts as (string | null)[])[i] ?? undefined,
    }));
    await writeEntries(layouts, entries, offset);
  }
}

interface LogEntry {
  readonly member: string;
  readonly at: string;
  /** Missing where a stranger has taken it away. */
  readonly text: string | undefined;
}

async function writeEntries(
  layouts: Layouts,
  entries: readonly LogEntry[],
  offset: number,
): Promise<void> {
  const shares = layouts.target.partitions.map((): Parts => ({
    logs: [],
    all: [],
    indexes: new Map(),
  }));
  for (const { member, at, text } of entries) {
    if (text === undefined) continue;
    const [name, id] = ownersOf(text);
    const share = shares[id === '' ? layouts.ofName(name) : layouts.ofJob(id)]!;
    const number = Number.parseInt(member.slice(0, NUMBER_WIDTH), 16) + offset;
    const newId = number.toString(16).padStart(NUMBER_WIDTH, '0');
    const entry = [at, `${newId}${member.slice(NUMBER_WIDTH)}`];
    share.logs.push(newId, text);
    share.all.push(...entry);
    const rests = [`logs:name:${name}`, ...(id === '' ? [] : [`logs:job:${id}`])];
    for (const rest of rests) {
      share.indexes.set(rest, [...(share.indexes.get(rest) ?? []), ...entry]);
    }
  }
  await inAll(layouts.target, (_, number) => writeShare(layouts, number, shares[number]!));
}

async function writeShare(
  layouts: Layouts,
  number: number,
  { logs, all, indexes }: Parts,
): Promise<void> {
  if (all.length === 0) return;
  const prefix = layouts.stagingOf(number);
  const write = (command: string, rest: string, parts: readonly string[]): Promise<unknown> =>
    layouts.connection.commandAt(prefix, command, `${prefix}${rest}`, ...parts);
  await allOf([
    write('HSET', 'logs', logs),
    write('ZADD', 'logs:all', all),
    ...Array.from(indexes, ([rest, parts]) => write('ZADD', rest, parts)),
  ]);
}

/** Whose an entry is; texts of strangers are nobody's. */
function ownersOf(text: string): readonly [name: string, id: string] {
  try {
    const [name, id] = JSON.parse(text) as unknown[];
    return [String(name), typeof id === 'string' ? id : ''];
  } catch {
    return ['', ''];
  }
}
