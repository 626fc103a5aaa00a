import { InvalidOptionError } from '../core/errors.js';

/*
 * How jobs lie in Redis (layout 1).
 *
 * RECORDS. Two packed JSON arrays in two hashes, so that a batch is read by one HMGET and written by
 * one HSET, and each is still readable with one HGET. Their numbers stand first, because scripts
 * read those by pattern and never decode what follows.
 *
 *   jobs        id → [createdAt, delay|null, seq, priority, flags, "name", own|0, data|null, extra?]
 *               What was asked. `delay`: planned that many ms after `createdAt` (may be negative; null:
 *               no time). `seq`: insertion order. `flags`: 1 disabled, 2 recurring (has an interval),
 *               4 keyed, 8 has data, 16 has a rule. `own`: what no save changes: nonce, the fields
 *               of `keys` that lead here, overrides. `extra`: only where there is more to say; its last member is the rule.
 *   jobs:state  id → [nextRunAt|null, lastRunAt|null, lastFinishedAt|null, attempt, failCount,
 *                     failedAt|null, rescueCount, releaseCount, occurrenceAt|null, failure?]
 *               What happened. Absent until an attempt has ended; from then on its `nextRunAt` counts.
 *   results     id → JSON text of what the handler returned, if anything
 *
 * PLACES. Every job stands in exactly one *primary* index, per name:
 *
 *   ready       due; score −priority, member order‖id       (claims take its first)
 *   timed       not due, score nextRunAt, member seq‖priority:id
 *   parked      disabled, with a time; score nextRunAt, member id
 *   running     leased; score lockedAt
 *   completed   done; score lastFinishedAt
 *   dead        dead letters; score failedAt
 *
 * `order` is nextRunAt and seq as 12 hex digits each, so members of one priority sort by time, then
 * by insertion: one total order, exact for every value, that retry, rescue and promotion rebuild from
 * the record. With `sort` by time first, score and order change places. Two *secondary* indexes exist
 * only for jobs that are counted by another word than their place says: `repeating` and `retrying`
 * (both by nextRunAt), and `disabled` holds every disabled id. With them every count is a ZCARD or
 * a ZCOUNT, and becoming due needs no traffic.
 *
 * (The design had three classes times three places. Class indexes beside the places keep the claim
 * at one range read per name, and give failed jobs an order that does not move.)
 *
 * HAND-OUT. Per partition: `due` (name → the instant from which it is claimable; no entry: never) is
 * all that claims and sleeping hosts look at; `leases` (id → expiry) is all that renewal moves
 * and rescue reads; `lease` (id → token|fence|lockedAt|pending|host) says who may settle. `pending` is a
 * run time saved while the job runs. `claim:{host}:{track}` remembers a last claim, for its repeat.
 *
 * REST. `names` (every name that has had jobs), `settings` (name → what rescue and pruning need),
 * `keys` (single, unique and idempotency keys → id), `gone` (ids removed so recently that their
 * producer may still repeat the add: for the longest `retryFor` that ever connected, `goneMs`),
 * `saved` (nonces of saves so recent that their caller may still repeat them: for its `retryFor` and
 * a minute; a repeat that came later would be carried out again), `cancelled:{id}` (reason, for the
 * worker that runs it), `meta` (layout, sort and partitions, fixed at the first connect; goneMs; seq, fence;
 * lastPass, heldUntil, longestLease and longestLeaseAt, by which an outage is told).
 * Only `claim:` and `cancelled:` keys have a TTL; it collects garbage and decides nothing.
 *
 * WHERE WHAT COMES LATER FITS. Pause and limits: one hash `gates` (name → what holds it back), read with
 * the names of a claim, and applied where `due` is computed: a gated name has no due time, or a later
 * one. Limits per key: `key:{name}` line per key, of which only as many heads stand in `ready`
 * as may run. Attempt history, logs, progress: hashes of their own beside `results`.
 *
 * SCRIPTS get two KEYS, `jobs` and `meta`, which share a hash tag with every other key of the
 * partition; they derive the rest from the prefix in ARGV. User text (names, ids) stands only after a
 * fixed infix, so no name can reach an internal key.
 */

/** The layout this version writes. An older library refuses a newer one. */
export const LAYOUT = 1;

/** Every key of one partition; the prefix carries the hash tag on Cluster. */
export class Keys {
  constructor(readonly prefix: string) {}

  /** hash: id → what was asked */
  readonly jobs = `${this.prefix}jobs`;
  /** hash: layout, sort, partitions, goneMs, seq, fence, lastPass, heldUntil, longestLease, longestLeaseAt */
  readonly meta = `${this.prefix}meta`;
  /** hash: id → what happened */
  readonly state = `${this.prefix}jobs:state`;
  /** hash: id → what the handler returned */
  readonly results = `${this.prefix}results`;
  /** set: every name that has had jobs */
  readonly names = `${this.prefix}names`;
  /** sorted set: name → earliest claimable instant */
  readonly due = `${this.prefix}due`;
  /** sorted set: id → lease expiry */
  readonly leases = `${this.prefix}leases`;
  /** hash: id → token|fence|lockedAt|pending|host */
  readonly lease = `${this.prefix}lease`;
  /** hash: name → settings any host needs to rescue and prune */
  readonly settings = `${this.prefix}settings`;
  /** hash: kind, name and key → id */
  readonly keys = `${this.prefix}keys`;
  /** sorted set: id or nonce → until when a repeated add is known */
  readonly gone = `${this.prefix}gone`;
  /** sorted set: nonce of a save → until when a repeat of it is known */
  readonly saved = `${this.prefix}saved`;

  /** sorted set of a name: see the indexes above */
  index(place: IndexName, jobName: string): string {
    return `${this.prefix}${place}:${jobName}`;
  }

  /** string: the last claim of a host on a track, for two leases and a minute */
  claim(host: string, track: 0 | 1): string {
    return `${this.prefix}claim:${host}:${track}`;
  }

  /** string: why a running job was cancelled, for two leases or two minutes */
  cancelled(id: string): string {
    return `${this.prefix}cancelled:${id}`;
  }
}

export const PRIMARY_INDEXES = [
  'ready',
  'timed',
  'parked',
  'running',
  'completed',
  'dead',
] as const;
export const SECONDARY_INDEXES = ['repeating', 'retrying', 'disabled'] as const;
export type IndexName = (typeof PRIMARY_INDEXES)[number] | (typeof SECONDARY_INDEXES)[number];

/** Flags of a stored job. */
export const FLAG = { disabled: 1, recurring: 2, keyed: 4, hasData: 8, ruled: 16 } as const;

/**
 * The prefix of a partition's keys. On Cluster all of them must share a slot, so a prefix without a
 * hash tag is wrapped in braces.
 */
export function partitionPrefix(keyPrefix: string, onCluster: boolean): string {
  // In front, a closing brace would make the braces around the prefix an empty tag.
  const isOdd = keyPrefix === '' || /[\0-\x1f\x7f]|^\}/.test(keyPrefix);
  if (isOdd || Buffer.byteLength(keyPrefix) > 128) {
    throw new InvalidOptionError(
      'keyPrefix',
      keyPrefix,
      'text of 1 to 128 bytes without control characters or a } in front',
    );
  }
  return onCluster && !HASH_TAG.test(keyPrefix) ? `{${keyPrefix}}` : keyPrefix;
}

/** Redis looks at the first brace only: `a{}b{tag}` has no tag, and is hashed whole. */
const HASH_TAG = /^[^{]*\{[^}]+\}/;
