import type { IndexName } from '../keys.js';

/*
 * What each key of a partition holds, and whose it is: so a store can be laid out anew for another number of
 * partitions. One rule for each kind of key; a key that none knows is not ours.
 */

/** Who decides to which partition an entry goes, or a key as a whole. */
export type Owner =
  /** The job whose id the entry is, or the key ends with. */
  | 'job'
  /** The job whose id the field of `keys` leads to shares that field with others. */
  | 'field'
  /** The jobs of a name that have the key which the entry is, or the key ends with. */
  | 'key'
  | 'name'
  /** Every partition needs it. */
  | 'all';

/** Of a key that goes as it is, to one partition. */
export type WholeOwner = Extract<Owner, 'job' | 'key' | 'name'>;

export type Kind =
  /** Goes entry by entry. */
  | {
      readonly how: 'entries';
      readonly type: 'hash' | 'set' | 'zset';
      readonly of: Exclude<Owner, 'name'>;
      readonly index?: IndexName;
    }
  /** Goes as it is, all of it to one partition; it is small. */
  | { readonly how: 'whole'; readonly type: 'string' | 'list' | 'set'; readonly of: WholeOwner }
  /** As above, and may be large. */
  | { readonly how: 'paged'; readonly type: 'zset'; readonly of: 'key' }
  /** Gates are made anew of what stands in them, and so is the log, whose entries have numbers. */
  | { readonly how: 'meta' | 'gates' | 'log' | 'events' }
  /**
   * Made anew of other keys, or known only for the repeats of processes, which do not run; of use to nobody
   * afterwards.
   */
  | { readonly how: 'drop' }
  /** Belongs to the store as a whole, and stays where it is. */
  | { readonly how: 'stay' };

const byJob = (type: 'hash' | 'zset', index?: IndexName): Kind => ({
  how: 'entries',
  type,
  of: 'job',
  ...(index && { index }),
});
const toAll = (type: 'hash' | 'set' | 'zset'): Kind => ({ how: 'entries', type, of: 'all' });
const whole = (type: 'string' | 'list' | 'set', of: WholeOwner): Kind => ({
  how: 'whole',
  type,
  of,
});
const byKey: Kind = { how: 'entries', type: 'zset', of: 'key' };
const drop: Kind = { how: 'drop' };
const stay: Kind = { how: 'stay' };

/** Keys of a fixed name. */
const FIXED: Readonly<Record<string, Kind>> = {
  jobs: byJob('hash'),
  'jobs:state': byJob('hash'),
  results: byJob('hash'),
  progress: byJob('hash'),
  lease: byJob('hash'),
  turns: byJob('hash'),
  leases: byJob('zset'),
  leaving: byJob('zset'),
  expiring: byJob('zset'),
  'logs:removed': byJob('zset'),
  'logs:leaving': byJob('zset'),
  keys: { how: 'entries', type: 'hash', of: 'field' },
  held: { how: 'entries', type: 'zset', of: 'field' },
  names: toAll('set'),
  settings: toAll('hash'),
  limits: toAll('hash'),
  gone: toAll('zset'),
  saved: toAll('zset'),
  meta: { how: 'meta' },
  gates: { how: 'gates' },
  'logs:all': { how: 'log' },
  logs: drop,
  events: { how: 'events' },
  due: drop,
  opens: drop,
  hosts: stay,
  'hosts:told': stay,
  together: stay,
};

/** Keys that end with text of users, by what stands in front of it; the longest first. */
const INFIXES: readonly (readonly [infix: string, kind: Kind])[] = [
  ['logs:name:', drop],
  ['logs:job:', drop],
  ['logs:writer:', drop],
  ['metrics:', stay],
  ['ready:', byJob('zset', 'ready')],
  ['timed:', byJob('zset', 'timed')],
  ['lined:', byJob('zset')],
  ['parked:', byJob('zset')],
  ['running:', byJob('zset')],
  ['completed:', byJob('zset')],
  ['dead:', byJob('zset')],
  ['repeating:', byJob('zset')],
  ['retrying:', byJob('zset')],
  ['disabled:', byJob('zset')],
  ['tag:', byJob('zset')],
  ['history:', whole('list', 'job')],
  ['output:', whole('list', 'job')],
  ['cancelled:', whole('string', 'job')],
  ['deduped:', drop],
  ['lines:', byKey],
  ['openings:', byKey],
  ['line:', { how: 'paged', type: 'zset', of: 'key' }],
  ['heads:', { how: 'paged', type: 'zset', of: 'key' }],
  ['runs:', whole('set', 'key')],
  ['holder:', whole('string', 'key')],
  ['stop:', whole('string', 'key')],
  ['rate:n', whole('string', 'name')],
  ['rate:k', whole('string', 'key')],
  ['claim:', drop],
  ['handed:', drop],
  ['idle:', drop],
  ['watch:', drop],
  ['wakes:', drop],
];

/** A key, without the prefix. */
export interface KnownKey {
  readonly rest: string;
  readonly kind: Kind;
  /** What of it is text of users. */
  readonly text: string;
}

/** `undefined` for a key that is not ours. */
export function knownKey(rest: string): KnownKey | undefined {
  const found = findByName(rest, FIXED, INFIXES);
  return found && { rest, kind: found.value, text: found.text };
}

/** What tables say of a key: that of its whole name, or of what stands in front of the text of users. */
export function findByName<Value>(
  rest: string,
  fixed: Readonly<Record<string, Value>>,
  infixes: readonly (readonly [infix: string, value: Value])[],
): { readonly value: Value; readonly infix: string; readonly text: string } | undefined {
  if (Object.hasOwn(fixed, rest)) return { value: fixed[rest]!, infix: '', text: '' };
  const found = infixes.find(([infix]) => rest.startsWith(infix));
  return found && { value: found[1], infix: found[0], text: rest.slice(found[0].length) };
}

/** The Redis type that a key of its kind has; nothing where that is no matter. */
export function typeOf({ kind }: KnownKey): string | undefined {
  switch (kind.how) {
    case 'entries':
    case 'whole':
    case 'paged':
      return kind.type;
    case 'meta':
    case 'gates':
      return 'hash';
    case 'log':
      return 'zset';
    case 'events':
      return 'stream';
    case 'drop':
    case 'stay':
      return undefined;
  }
}

/** The name and the key in `{bytes of the name}:{name}{key}`. */
export function nameAndKey(text: string): readonly [name: string, key: string] {
  const colon = text.indexOf(':');
  const bytes = Buffer.from(text.slice(colon + 1));
  const length = Number(text.slice(0, colon));
  return [bytes.subarray(0, length).toString(), bytes.subarray(length).toString()];
}

/** The name of whose jobs a field of `keys` speaks: see `unique-key.ts`. */
export const nameInField = (field: string): string => field.split('\n', 2)[1] ?? '';
