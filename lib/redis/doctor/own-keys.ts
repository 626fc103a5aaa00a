import { KEY_PARTS, PRIMARY_INDEXES, SECONDARY_INDEXES } from '../keys.js';
import { findByName, nameAndKey } from '../repartition/kinds.js';

/*
 * Every key of a store by its name: its type, whether it goes by itself, and whose its entries are.
 */

/** How `examine-entries` takes the entries of a key. */
export type EntryKind =
  | 'ready'
  | 'timed'
  | 'listed'
  | 'field'
  | 'member'
  | 'turn'
  | 'tag'
  | 'line'
  | 'run'
  | 'pointer'
  | 'held'
  | 'log';

interface Form {
  readonly type: 'hash' | 'set' | 'zset' | 'list' | 'string' | 'stream';
  /** It has a time to live. */
  readonly passes?: true;
  readonly entries?: EntryKind;
  /** It is that of a job, whose id it ends with. */
  readonly ofJob?: true;
}

const FIXED: Readonly<Record<string, Form>> = {
  jobs: { type: 'hash' },
  meta: { type: 'hash' },
  'jobs:state': { type: 'hash', entries: 'field' },
  results: { type: 'hash', entries: 'field' },
  progress: { type: 'hash', entries: 'field' },
  lease: { type: 'hash', entries: 'field' },
  turns: { type: 'hash', entries: 'turn' },
  leases: { type: 'zset', entries: 'member' },
  leaving: { type: 'zset', entries: 'member' },
  expiring: { type: 'zset', entries: 'member' },
  keys: { type: 'hash', entries: 'pointer' },
  held: { type: 'zset', entries: 'held' },
  gone: { type: 'zset' },
  saved: { type: 'zset' },
  names: { type: 'set' },
  settings: { type: 'hash' },
  limits: { type: 'hash' },
  gates: { type: 'hash' },
  due: { type: 'zset' },
  opens: { type: 'zset' },
  logs: { type: 'hash' },
  'logs:all': { type: 'zset', entries: 'log' },
  'logs:removed': { type: 'zset' },
  'logs:leaving': { type: 'zset' },
  events: { type: 'stream' },
  hosts: { type: 'zset' },
  'hosts:told': { type: 'hash' },
  together: { type: 'set' },
};

const listed: Form = { type: 'zset', entries: 'listed' };
const passing = (type: Form['type']): Form => ({ type, passes: true });

/** By what stands in front of the text of users, the longest first. */
const INFIXES: readonly (readonly [infix: string, form: Form])[] = [
  ['logs:name:', { type: 'zset', entries: 'log' }],
  ['logs:job:', { type: 'zset', entries: 'log' }],
  ['logs:writer:', passing('string')],
  ['metrics:writer:', passing('string')],
  ['metrics:', passing('hash')],
  ['ready:', { type: 'zset', entries: 'ready' }],
  ['timed:', { type: 'zset', entries: 'timed' }],
  ['lined:', listed],
  ['parked:', listed],
  ['running:', listed],
  ['completed:', listed],
  ['dead:', listed],
  ['repeating:', listed],
  ['retrying:', listed],
  ['disabled:', listed],
  ['tag:', { type: 'zset', entries: 'tag' }],
  ['history:', { type: 'list', ofJob: true }],
  ['output:', { type: 'list', ofJob: true }],
  ['lines:', { type: 'zset' }],
  ['openings:', { type: 'zset' }],
  ['line:', { type: 'zset', entries: 'line' }],
  ['heads:', { type: 'zset', entries: 'line' }],
  ['runs:', { type: 'set', entries: 'run' }],
  ['holder:', { type: 'string' }],
  ['stop:', passing('string')],
  ['rate:n', passing('string')],
  ['rate:k', passing('string')],
  ['claim:', passing('string')],
  ['handed:', passing('string')],
  ['deduped:', passing('string')],
  ['cancelled:', passing('string')],
  ['idle:', passing('zset')],
  ['watch:', passing('zset')],
  ['wakes:', passing('zset')],
];

/** A key of a store. */
export interface OwnKey extends Form {
  /** Without the prefix. */
  readonly rest: string;
  /** What stands in front of the text of users; empty for a key of a fixed name. */
  readonly infix: string;
  /** That text. */
  readonly text: string;
}

/** `undefined` for a key that is not ours. */
export function ownKey(rest: string): OwnKey | undefined {
  const found = findByName(rest, FIXED, INFIXES);
  return found && { ...found.value, rest, infix: found.infix, text: found.text };
}

const OF_KEYS = new Set<string>([...KEY_PARTS.map((part) => `${part}:`), 'rate:k']);

/** The name and the key of a name that a key is of, if it is of one. */
export function keyOfName({
  infix,
  text,
}: OwnKey): readonly [name: string, key: string] | undefined {
  return OF_KEYS.has(infix) ? nameAndKey(text) : undefined;
}

const OF_NAMES = new Set(
  [...PRIMARY_INDEXES, ...SECONDARY_INDEXES, 'lines', 'openings'].map((place) => `${place}:`),
);

/** The name that an index is of, if it is one. */
export const nameOfIndex = ({ infix, text }: OwnKey): string | undefined =>
  OF_NAMES.has(infix) ? text : undefined;
