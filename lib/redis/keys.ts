import { InvalidOptionError } from '../core/errors.js';
import type { ClaimOrder, ClaimOrderPart } from '../core/options/claim-order.js';

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
 *               4 keyed, 8 has data, 16 has a rule, 32 runs in a child process, 64 has something of its own to be
 *               done at its end (a key to free, a retention). `own`: nonce, who wrote last, the fields of
 *               `keys` that lead here, which of them its end frees, overrides. `extra`: only where there is more
 *               to say; its last member is the rule.
 *   jobs:state  id → [nextRunAt|null, lastRunAt|null, lastFinishedAt|null, attempt, failCount,
 *                     failedAt|null, rescueCount, releaseCount, occurrenceAt|null,
 *                     (progress|null, windowAt|null, windowEnd, snoozeCount,)? failure?]
 *               What happened. Absent until an attempt has ended or something was told of it; from then
 *               on its `nextRunAt` counts. A debounce window was opened at `windowAt`; its end is 0 when
 *               trailing, 1 when that is overdue, an instant when leading.
 *   results     id → JSON text of what the handler returned, if anything
 *   history:{id}  a list, newest first, 20 at most, of how attempts ended: [kind, attempt, plannedAt|null,
 *               startedAt|null, endedAt, "host", failure?], kind by its first letter (requeued: q). Only
 *               of jobs with a state; a plain first success is told from that.
 *
 * PLACES. Every job stands in exactly one *primary* index, per name:
 *
 *   ready       due; score first key, member second key‖seq‖id   (claims take its first)
 *   timed       not due, score nextRunAt, member seq‖priority:id
 *   parked      disabled, with a time; score nextRunAt, member id
 *   running     leased; score lockedAt
 *   completed   done; score lastFinishedAt
 *   dead        dead letters; score failedAt
 *
 * The keys of `ready` are those of `sort`, priority and time by default: the first one is the score,
 * the second one stands in fixed width at the head of the member (a time as 12 hex digits, counted
 * from the year 1083; a priority as the 16 of its double), then `seq` as 12 hex digits: one total order,
 * exact for every value, that retry, rescue and promotion rebuild from the record. Two *secondary*
 * indexes exist only for jobs that are counted by another word than their place says: `repeating` and
 * `retrying` (both by nextRunAt), and `disabled` holds every disabled id. With them every count is a
 * ZCARD or a ZCOUNT, and becoming due needs no traffic.
 *
 * (The design had three classes times three places. Class indexes beside the places keep the claim
 * at one range read per name, and give failed jobs an order that does not move.)
 *
 * HAND-OUT. Per partition: `due` (name → the instant from which it is claimable; no entry: never) is
 * all that claims and sleeping hosts look at. Where a host found nothing due but jobs on their last start that
 * it may not have, the instant is marked: it is half a ms early. Whatever is added to a marked name is
 * announced. `leases` (id → expiry) is all that renewal moves and rescue reads;
 * `lease` (id → token|fence|lockedAt|pending|host|run|progress|name) says who may settle. `pending` is a run time saved while the job runs. `run` tells the three kinds apart: empty for
 * a lease of the broker, whose claim is the start; of a row that was handed out by the repository `c`, and
 * once its first state write has begun the run `s` and the time it was planned for; `l` for a lock that
 * came with a row, which has no token and no expiry. `claim:{host}:{track}` and `handed:{claimId}`
 * remember a last claim, for its repeat.
 *
 * LOG. `logs` (entry id → ["job name","job id","message",{the rest}]), and three indexes of it by time,
 * whose members are the entry's id (12 hex digits of an insertion number, `meta.logSeq`) and two letters
 * for its level and event: `logs:all`, `logs:name:{name}`, `logs:job:{id}`. So a query walks the narrowest
 * of them and reads only the entries of its page, and entries of one millisecond keep their order.
 * `logs:removed` (ids of removed jobs, for an hour: their last entries may come late and are not kept),
 * `logs:leaving` (removed jobs whose entries are not all dropped yet: writes go on with it),
 * `logs:writer:{token}` (a writer's last batch, for its repeat).
 *
 * REST. `names` (every name that has had jobs), `settings` (name → what rescue and pruning need),
 * `keys` (single, unique and idempotency keys → id), `held` (idempotency
 * keys → until when they are held though their job is gone, or has let go of them), `leaving` (ended jobs with
 * a retention of their own → when they go), `gone` (ids removed so recently that their
 * producer may still repeat the add: for the longest `retryFor` that ever connected, `goneMs`),
 * `saved` (nonces of saves, and of requeues with the id behind, so recent that their caller may still repeat
 * them: for its `retryFor` and a minute; a repeat that came later would be carried out again), `cancelled:{id}` (reason, for the
 * worker that runs it), `meta` (layout, sort and partitions, fixed at the first connect; goneMs; seq, fence;
 * lastPass, heldUntil, longestLease and longestLeaseAt, by which an outage is told; watchedUntil: some
 * process listens for what happens to jobs).
 * Only `claim:`, `handed:`, `cancelled:` and `logs:writer:` keys have a TTL; it collects garbage and decides nothing.
 *
 * WHERE WHAT COMES LATER FITS. Pause and limits: one hash `gates` (name → what holds it back), read with
 * the names of a claim, and applied where `due` is computed: a gated name has no due time, or a later
 * one. Limits per key: `key:{name}` line per key, of which only as many heads stand in `ready`
 * as may run.
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
  /** hash: layout, sort, partitions, goneMs, seq, fence, lastPass, heldUntil, longestLease, longestLeaseAt, watchedUntil, logSeq */
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
  /** hash: id → token|fence|lockedAt|pending|host|run|progress|name */
  readonly lease = `${this.prefix}lease`;
  /** hash: name → settings any host needs to rescue and prune */
  readonly settings = `${this.prefix}settings`;
  /** hash: kind, name and key → id */
  readonly keys = `${this.prefix}keys`;
  /** sorted set: field of `keys` → until when it is held by time */
  readonly held = `${this.prefix}held`;
  /** sorted set: ended job with a retention of its own → when it goes */
  readonly leaving = `${this.prefix}leaving`;
  /** sorted set: id or nonce → until when a repeated add is known */
  readonly gone = `${this.prefix}gone`;
  /** sorted set: nonce of a save → until when a repeat of it is known */
  readonly saved = `${this.prefix}saved`;

  /** hash: id of an entry of the log → its text */
  readonly logs = `${this.prefix}logs`;
  /** sorted set: id and letters of an entry of the log → its time */
  readonly logsOfAll = `${this.prefix}logs:all`;
  /** sorted set: removed job → when; entries that come later are not kept */
  readonly logsRemoved = `${this.prefix}logs:removed`;
  /** sorted set: removed job whose entries are not all dropped → since when */
  readonly logsLeaving = `${this.prefix}logs:leaving`;

  /** sorted set: as `logs:all`, of one job */
  logsOfJob(id: string): string {
    return `${this.prefix}logs:job:${id}`;
  }

  /** sorted set: as `logs:all`, of one name */
  logsOfName(jobName: string): string {
    return `${this.prefix}logs:name:${jobName}`;
  }

  /** string: the number of a writer's last batch of the log, for its `retryFor` and a minute */
  logsWriter(token: string): string {
    return `${this.prefix}logs:writer:${token}`;
  }

  /** list: how the newest attempts of a job ended */
  history(id: string): string {
    return `${this.prefix}history:${id}`;
  }

  /** sorted set of a name: see the indexes above */
  index(place: IndexName, jobName: string): string {
    return `${this.prefix}${place}:${jobName}`;
  }

  /** string: the last claim of a host on a track, for two leases and a minute */
  claim(host: string, track: 0 | 1): string {
    return `${this.prefix}claim:${host}:${track}`;
  }

  /** string: the row that a claim was handed, until its run begins, for as long as the claim may be repeated */
  handed(claimId: string): string {
    return `${this.prefix}handed:${claimId}`;
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
export const FLAG = {
  disabled: 1,
  recurring: 2,
  keyed: 4,
  hasData: 8,
  ruled: 16,
  forked: 32,
  endsItsOwnWay: 64,
} as const;

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

/** An order of claims as scripts read it: t (time) or p (priority) for each key, a capital for descending. */
export function orderLetters({ parts }: ClaimOrder): string {
  const letter = ({ key, descending }: ClaimOrderPart) => {
    const small = key === 'nextRunAt' ? 't' : 'p';
    return descending ? small.toUpperCase() : small;
  };
  return parts.map(letter).join('').padEnd(2, '-');
}

const HEAD_WIDTH = { nextRunAt: 12, priority: 16 } as const;
const SEQ_WIDTH = 12;

/** The id in a member of an index: see the leading comment. */
export function idOfMember(place: IndexName, member: string, { parts }: ClaimOrder): string {
  if (place === 'timed') return member.slice(member.indexOf(':') + 1);
  if (place !== 'ready') return member;
  const second = parts[1];
  return member.slice(SEQ_WIDTH + (second === undefined ? 0 : HEAD_WIDTH[second.key]));
}

/**
 * What of a member tells where it stands among those of its score, whatever is changed in its job: of
 * `timed` the insertion number, and then a sign behind all that may follow it.
 */
export function lastingMember(place: IndexName, member: string): string {
  return place === 'timed' ? `${member.slice(0, SEQ_WIDTH)}${BEHIND_ALL}` : member;
}

/** Stands behind every member of `timed`. */
export const BEHIND_ALL = '~';
