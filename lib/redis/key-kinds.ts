import type { IndexName } from './keys.js';

/*
 * Every kind of key that a store has: its type, to which partition it goes when their number is changed, and how the
 * doctor looks at it. A key of no kind is not ours. New keys need a row here.
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

/** What becomes of a key when the store is laid out anew for another number of partitions. */
export type Move =
  /** Goes entry by entry. */
  | {
      readonly how: 'entries';
      readonly of: Exclude<Owner, 'name'>;
      readonly index?: IndexName;
    }
  /** Goes as it is, all of it to one partition; it is small. */
  | { readonly how: 'whole'; readonly of: WholeOwner }
  /** As above, and may be large. */
  | { readonly how: 'paged'; readonly of: 'key' }
  /** Gates are made anew of what stands in them, and so is the log, whose entries have numbers. */
  | { readonly how: 'meta' | 'gates' | 'log' | 'events' }
  /**
   * Made anew of other keys, or known only for the repeats of processes, which do not run; of use to nobody
   * afterwards.
   */
  | { readonly how: 'drop' }
  /** Belongs to the store as a whole, and stays where it is. */
  | { readonly how: 'stay' };

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

export interface KeyKind {
  readonly type: 'hash' | 'set' | 'zset' | 'list' | 'string' | 'stream';
  readonly move: Move;
  /** Missing where no entry is looked at by itself. */
  readonly entries?: EntryKind;
  /** It has a time to live. */
  readonly passes?: true;
  /** It is that of a job, whose id it ends with. */
  readonly ofJob?: true;
}

const byJob: Move = { how: 'entries', of: 'job' };
const byField: Move = { how: 'entries', of: 'field' };
const byKey: Move = { how: 'entries', of: 'key' };
const toAll: Move = { how: 'entries', of: 'all' };
const withJob: Move = { how: 'whole', of: 'job' };
const withKey: Move = { how: 'whole', of: 'key' };
const withName: Move = { how: 'whole', of: 'name' };
const pagedWithKey: Move = { how: 'paged', of: 'key' };
const drop: Move = { how: 'drop' };
const stay: Move = { how: 'stay' };

/** Keys of a fixed name. */
export const FIXED_KINDS: Readonly<Record<string, KeyKind>> = {
  jobs: { type: 'hash', move: byJob },
  meta: { type: 'hash', move: { how: 'meta' } },
  'jobs:state': { type: 'hash', move: byJob, entries: 'field' },
  results: { type: 'hash', move: byJob, entries: 'field' },
  progress: { type: 'hash', move: byJob, entries: 'field' },
  lease: { type: 'hash', move: byJob, entries: 'field' },
  turns: { type: 'hash', move: byJob, entries: 'turn' },
  leases: { type: 'zset', move: byJob, entries: 'member' },
  leaving: { type: 'zset', move: byJob, entries: 'member' },
  expiring: { type: 'zset', move: byJob, entries: 'member' },
  keys: { type: 'hash', move: byField, entries: 'pointer' },
  held: { type: 'zset', move: byField, entries: 'held' },
  names: { type: 'set', move: toAll },
  settings: { type: 'hash', move: toAll },
  limits: { type: 'hash', move: toAll },
  gone: { type: 'zset', move: toAll },
  saved: { type: 'zset', move: toAll },
  gates: { type: 'hash', move: { how: 'gates' } },
  due: { type: 'zset', move: drop },
  opens: { type: 'zset', move: drop },
  logs: { type: 'hash', move: drop },
  'logs:all': { type: 'zset', move: { how: 'log' }, entries: 'log' },
  'logs:removed': { type: 'zset', move: byJob },
  'logs:leaving': { type: 'zset', move: byJob },
  events: { type: 'stream', move: { how: 'events' } },
  hosts: { type: 'zset', move: stay },
  'hosts:told': { type: 'hash', move: stay },
  together: { type: 'set', move: stay },
};

const listed: KeyKind = { type: 'zset', move: byJob, entries: 'listed' };
const passing = (type: KeyKind['type'], move: Move): KeyKind => ({ type, move, passes: true });

/** Keys that end with text of users, by what stands in front of it; the longest first. */
export const INFIX_KINDS: readonly (readonly [infix: string, kind: KeyKind])[] = [
  ['logs:name:', { type: 'zset', move: drop, entries: 'log' }],
  ['logs:job:', { type: 'zset', move: drop, entries: 'log' }],
  ['logs:writer:', passing('string', drop)],
  ['metrics:writer:', passing('string', stay)],
  ['metrics:', passing('hash', stay)],
  ['ready:', { type: 'zset', move: { ...byJob, index: 'ready' }, entries: 'ready' }],
  ['timed:', { type: 'zset', move: { ...byJob, index: 'timed' }, entries: 'timed' }],
  ['lined:', listed],
  ['parked:', listed],
  ['running:', listed],
  ['completed:', listed],
  ['dead:', listed],
  ['repeating:', listed],
  ['retrying:', listed],
  ['disabled:', listed],
  ['tag:', { type: 'zset', move: byJob, entries: 'tag' }],
  ['history:', { type: 'list', move: withJob, ofJob: true }],
  ['output:', { type: 'list', move: withJob, ofJob: true }],
  ['lines:', { type: 'zset', move: byKey }],
  ['openings:', { type: 'zset', move: byKey }],
  ['line:', { type: 'zset', move: pagedWithKey, entries: 'line' }],
  ['heads:', { type: 'zset', move: pagedWithKey, entries: 'line' }],
  ['runs:', { type: 'set', move: withKey, entries: 'run' }],
  ['holder:', { type: 'string', move: withKey }],
  ['stop:', passing('string', withKey)],
  ['rate:n', passing('string', withName)],
  ['rate:k', passing('string', withKey)],
  ['cancelled:', passing('string', withJob)],
  ['claim:', passing('string', drop)],
  ['handed:', passing('string', drop)],
  ['deduped:', passing('string', drop)],
  ['idle:', passing('zset', drop)],
  ['watch:', passing('zset', drop)],
  ['wakes:', passing('zset', drop)],
];
