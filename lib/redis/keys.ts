import { InvalidOptionError } from '../core/errors.js';
import type { ClaimOrder, ClaimOrderPart } from '../core/options/claim-order.js';
import { SLOTS, slotOf } from './hash-slots.js';

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
 *               done at its end (a key to free, a retention), 128 has a key of its name (a line of its own), 256 expires,
 *               512 goes first, 1024 has tags; and 65536 times the version of the data, unless that is 1: whoever
 *               writes the data writes its version. `own`: nonce, who wrote last, expiry, the fields of `keys` that
 *               lead here, which of them its end frees, overrides, key, tags, and last what its producer gave along
 *               (`context`), since scripts find the others by the first match. `extra`: only where there is more to
 *               say; its last member is the rule.
 *   jobs:state  id → [nextRunAt|null, lastRunAt|null, lastFinishedAt|null, attempt, failCount,
 *                     failedAt|null, rescueCount, releaseCount, occurrenceAt|null,
 *                     (progress|true|null, windowAt|null, windowEnd, snoozeCount,)? failure?]
 *               What happened. Absent until an attempt has ended or something was told of it; from then
 *               on its `nextRunAt` counts. A debounce window was opened at `windowAt`; its end is 0 when
 *               trailing, 1 when that is overdue, an instant when leading. A progress that is no number stands in
 *               `progress`, and `true` here says so.
 *   results     id → JSON text of what the handler returned, if anything; where that is not kept, `!` and why
 *   progress    id → JSON text of how far its handler has come, unless that is a number
 *   output:{id}  a list, oldest first, of the newest lines that its handlers have logged: 'number bytes fence:own line',
 *               by which a batch is known that comes twice, and cursors outlast the lines that were dropped. Both
 *               only once `meta.told` is set.
 *   history:{id}  a list, newest first, 20 at most, of how attempts ended: [kind, attempt, plannedAt|null,
 *               startedAt|null, endedAt, "host", failure?], kind by its first letter (requeued: q). Only
 *               of jobs with a state; a plain first success is told from that.
 *
 * PLACES. Every job stands in exactly one *primary* index, per name:
 *
 *   ready       due; score first key, member second key‖seq‖id   (claims take its first)
 *   timed       not due, score nextRunAt, member seq‖priority:id
 *   lined       due, and behind others of its key (see GATES); score nextRunAt, member id
 *   parked      disabled, with a time; score nextRunAt, member id
 *   running     leased; score lockedAt
 *   completed   done; score lastFinishedAt
 *   dead        dead letters; score failedAt
 *
 * The keys of `ready` are those of `sort`, priority and time by default: the first one is the score,
 * the second one stands in fixed width at the head of the member (a time as 12 hex digits, counted
 * from the year 1083; a priority as the 16 of its double), then `seq` as 12 hex digits: one total order,
 * exact for every value, that retry, rescue and promotion rebuild from the record. A job that goes first has
 * dashes in the place of its time, and a dash before what its `seq` lacks of the highest one (where the score
 * is the time, one below all times); in `timed` a ^ stands behind its seq. Two *secondary*
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
 * came with a row, which has no token and no expiry. `progress` is `true` where it stands in the hash of that name, and `-`
 * when the run has told lines alone. `claim:{host}:{track}` and `handed:{claimId}`
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
 * EVENTS. `events`, a stream, exists as long as `meta.stream` (its bounds, JSON) is set: an entry for all that one
 * call did, [n: number of its first event, at: time, e: JSON list of events], an event being ["kind","job
 * id"|null,"job name"|null,attempt|null,"host"|null,"reason"|null,nextRunAt|null]. Events are numbered without
 * gaps, so a reader, who knows the number it read last, sees whether one is missing. `meta.eventSeq`, `eventBytes`:
 * the newest number, and the bytes of all that was told; `eventsDropped`, `eventBytesDropped`: the same of what is
 * gone again; `oldestEventAt`: the time of the oldest entry. So each call sees by numbers alone what is over a bound.
 *
 * METRICS. `metrics:{minute}` (name → whole numbers with commas between them, nothing for 0: see `figures.ts`), for two
 * hours; `metrics:writer:{host}`, the number of its last batch, for its repeat.
 *
 * TAGS AND EXPIRIES. `tag:{tag}` leads to the jobs that have the tag (score `seq`), whatever their name and state, until they
 * are removed. `expiring`: id → the instant from which on the job does not start, until it ends; one that runs then is put
 * off there. Before a job that expires was ever added `meta.expiring` is absent, and no script looks. A job whose flag
 * says so no longer has what `own` tells of an expiry behind it: it was brought back.
 *
 * REST. `names` (every name that has had jobs), `settings` (name → what rescue and pruning need),
 * `keys` (single, unique and idempotency keys, and those of `dedupe`, which begin with their mode → id), `held`
 * (idempotency keys and those of a leading debounce → until when they are held though their job is gone, or has let go of them), `leaving` (ended jobs with
 * a retention of their own → when they go), `gone` (ids removed so recently that their
 * producer may still repeat the add: for the longest `retryFor` that ever connected, `goneMs`),
 * `saved` (nonces of saves, and of requeues with the id behind, so recent that their caller may still repeat
 * them: for its `retryFor` and a minute; a repeat that came later would be carried out again), `deduped:{nonce}`
 * (what a call did to the job that has its key, and which one that is, for its repeat, as long), `cancelled:{id}` (reason, for the
 * worker that runs it), `hosts` and `hosts:told` (hosts that are alive, by when they were heard of, and what they
 * told of themselves; the beats of others remove those that are gone), `meta` (layout, sort and partitions, fixed at the first connect; goneMs; seq, fence;
 * lastPass, heldUntil, longestLease and longestLeaseAt, by which an outage is told; watchedUntil: some
 * process listens for what happens to jobs; moving: the number of partitions is being changed, see `repartition.ts`,
 * which makes new partitions under `~repartition~:`; `key-kinds.ts` has a row for each kind of key: add yours there).
 * Only `claim:`, `handed:`, `deduped:`, `cancelled:`, `logs:writer:`, `metrics:`, `rate:`, `stop:`, `idle:`, `watch:` and `wakes:` keys have a TTL; it collects garbage and decides nothing.
 *
 * GATES. What holds names back: `gates` (name → JSON: paused, concurrency, rate, key, maxQueued, until, away), made of
 * the limits in `settings`, of those set by hand (`limits`, which win), of pauses, and of stops that a handler
 * asked for. A name that is closed has the score -inf in `due`: claims do not see it, adds do not announce
 * it, and it costs nobody anything; `opens` (name → instant) says when time opens it again. As long
 * as `meta.gated` is absent nobody has a gate, and no script looks. A pause of everything stands in `meta.paused`.
 * `rate:n{name}`, `rate:k{K}` (packed): the newest starts.
 *
 * KEYS OF JOBS. Of a name with limits per key (K: `{bytes of the name}:{name}{key}`) only so many jobs of a key stand in
 * `ready` as may start, `heads:{K}`, in the order of claims; the others wait in `line:{K}`, in the same order, and in
 * `lined:{name}`, which counts them. `runs:{K}` (set) are those that run, whether there are limits or not.
 * `holder:{K}` is the job that keeps a `fifo` key while it waits for its next attempt. In `ready` heads stand by their
 * turn (`turns`: id → turn and own time): the instant at which they stepped up from the line, or their own time where
 * they never stood in it; so keys take turns. `stop:{K}`: until when nothing of the key starts. `lines:{name}` has the keys in which anybody waits → a number of the limits by which they were
 * judged last, `openings:{name}` those of which time lets one more step up → when. Whatever changes a key lets the
 * next of its line step up in the same call; where time or other limits do, the next claim of the name does, which
 * `due` calls in time. Limits that are set find jobs in `ready` that were never heads: the claims that meet these
 * move them. Before a job with a key was ever added `meta.lined` is absent, and no script looks.
 *
 * PARTITIONS. All of the above is of one partition, and several of them (see `placement.ts`) know nothing of each other:
 * each has its own keys and its own numbers, and its `meta` fixes the same. What a name has to be told, its settings,
 * limits and pause, is told in each. Nobody's alone, under the prefix that is the same for any number of partitions: `meta`,
 * which tells that number to all who open the store, `hosts`, `hosts:told`, `metrics:`, and `together`, the names whose
 * jobs all live in one partition, since they have limits over all processes, or had when they were last without jobs. In
 * every other partition the gate of such a name says `away`: it has no job there, and none is added, as `meta.capped` calls
 * for a look before adds. A store with one partition keeps everything under the one prefix.
 *
 * WAKE-UPS. Hosts that may be left asleep stand by in groups, of which each has room for the same names: `idle:{group}`
 * (host → until when it counts). What makes a name claimable takes two of them out, those that sleep longest, and tells
 * them; a claim of theirs that leaves jobs due takes out two more, and they stand by again when a claim finds nothing.
 * `wakes:{name}` leads to the groups (group → until when), `watch:{group}` has the two hosts of a group that know when the
 * next job is due (host → until when) and have room for all its names; who goes hands that on by waking another. A
 * claim after which a name is due later than before tells them. Claims register their group with its
 * names every few minutes, so that an idle one does not touch each of them; until when that holds stands in
 * `watch:{group}` under no name. Until `meta.idleUntil` somebody may stand by; after it no script looks. Hosts hear
 * on a Pub/Sub channel of their own, `{channelName}:host:{host}`; what becomes of each name is told on
 * `{channelName}:names`, what concerns everybody on `{channelName}`, states and cancels of jobs on `:state` and `:cancel`.
 *
 * SCRIPTS get two KEYS, `jobs` and `meta`, which share a hash tag with every other key of the
 * partition; they derive the rest from the prefix in ARGV. User text (names, ids) stands only after a
 * fixed infix, so no name can reach an internal key. On Cluster they are also given `jobs:never`, which never exists:
 * see cluster-routes.ts. `meta.asked` is written there by those who wait for replicas, and read by nobody.
 */

/** The layout this version writes. An older library refuses a newer one. */
export const LAYOUT = 1;

/** Every key of one partition; the prefix carries the hash tag on Cluster. */
export class Keys {
  constructor(readonly prefix: string) {}

  /** hash: id → what was asked */
  readonly jobs = `${this.prefix}jobs`;
  /**
   * hash: layout, sort, partitions, goneMs, seq, fence, lastPass, heldUntil, longestLease, longestLeaseAt,
   * watchedUntil, logSeq, and what the comment above names
   */
  readonly meta = `${this.prefix}meta`;
  /** hash: id → what happened */
  readonly state = `${this.prefix}jobs:state`;
  /** hash: id → what the handler returned */
  readonly results = `${this.prefix}results`;
  /** hash: id → how far the handler has come, unless that is a number */
  readonly progress = `${this.prefix}progress`;
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
  /** sorted set: job that expires and has not ended → when it expires */
  readonly expiring = `${this.prefix}expiring`;
  /** sorted set: id or nonce → until when a repeated add is known */
  readonly gone = `${this.prefix}gone`;
  /** sorted set: nonce of a save → until when a repeat of it is known */
  readonly saved = `${this.prefix}saved`;

  /** hash: name → what holds it back */
  readonly gates = `${this.prefix}gates`;
  /** hash: name → limits that were set by hand */
  readonly limits = `${this.prefix}limits`;
  /** sorted set: closed name → when time opens it */
  readonly opens = `${this.prefix}opens`;

  /** set: names whose jobs all live in one of several partitions */
  readonly together = `${this.prefix}together`;

  /** sorted set: host → when it was heard of last */
  readonly hosts = `${this.prefix}hosts`;
  /** hash: host → what it told of itself */
  readonly hostsTold = `${this.prefix}hosts:told`;

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

  /** stream: what happened to jobs, an entry for each call */
  readonly events = `${this.prefix}events`;

  /** hash: name → what was counted in a minute since the epoch, for two hours */
  metrics(minute: number): string {
    return `${this.prefix}metrics:${minute}`;
  }

  /** string: the number of a host's last batch of metrics, for its `retryFor` and a minute */
  metricsWriter(host: string): string {
    return `${this.prefix}metrics:writer:${host}`;
  }

  /** list: how the newest attempts of a job ended */
  history(id: string): string {
    return `${this.prefix}history:${id}`;
  }

  /** list: what the handlers of a job have logged */
  output(id: string): string {
    return `${this.prefix}output:${id}`;
  }

  /** hash: job that stands in `ready` for its key → its turn and its own time */
  readonly turns = `${this.prefix}turns`;

  /** sorted set of a name: the keys in which anybody waits → by which limits they were judged; of which time lets one more step up → when */
  keysOf(jobName: string, which: 'lines' | 'openings'): string {
    return `${this.prefix}${which}:${jobName}`;
  }

  /** of a key of a name: who waits, and who stands in front (sorted sets), who runs (set), who keeps it, until when it is stopped (strings) */
  ofKey(jobName: string, key: string, part: KeyPart): string {
    return `${this.prefix}${part}:${Buffer.byteLength(jobName)}:${jobName}${key}`;
  }

  /** sorted set: job that has the tag → its insertion number */
  tag(tag: string): string {
    return `${this.prefix}tag:${tag}`;
  }

  /** sorted set of a name: see the indexes above */
  index(place: IndexName, jobName: string): string {
    return `${this.prefix}${place}:${jobName}`;
  }

  /** string: the last claim of a host on a track, for two leases and a minute */
  claim(host: string, track: 0 | 1): string {
    return `${this.prefix}claim:${host}:${track}`;
  }

  /** sorted set: host that stands by in a group → until when; that watches for it → until when */
  ofGroup(group: string, part: 'idle' | 'watch'): string {
    return `${this.prefix}${part}:${group}`;
  }

  /** sorted set: group that wakes for a name → until when that is known */
  wakes(jobName: string): string {
    return `${this.prefix}wakes:${jobName}`;
  }

  /** string: the newest starts of jobs of a name, for as long as they count and a minute */
  starts(jobName: string): string {
    return `${this.prefix}rate:n${jobName}`;
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
  'lined',
  'parked',
  'running',
  'completed',
  'dead',
] as const;
export const SECONDARY_INDEXES = ['repeating', 'retrying', 'disabled'] as const;
export type IndexName = (typeof PRIMARY_INDEXES)[number] | (typeof SECONDARY_INDEXES)[number];

/** What is kept of each key of a name: see KEYS OF JOBS. */
export const KEY_PARTS = ['line', 'heads', 'runs', 'holder', 'stop'] as const;
export type KeyPart = (typeof KEY_PARTS)[number];

/** Flags of a stored job. */
export const FLAG = {
  disabled: 1,
  recurring: 2,
  keyed: 4,
  hasData: 8,
  ruled: 16,
  forked: 32,
  endsItsOwnWay: 64,
  lined: 128,
  expires: 256,
  first: 512,
  tagged: 1024,
} as const;

/** What the version of a job's data is multiplied by in its flags. */
const VERSION = 65_536;

/** What flags say of a version of data: nothing of the first. */
export const versionFlags = (version = 1): number => (version > 1 ? version * VERSION : 0);

/** The version that flags tell; `undefined` for the first. */
export const versionIn = (flags: number): number | undefined =>
  flags < VERSION ? undefined : Math.floor(flags / VERSION);

/**
 * The prefix of the keys of a store: of all of them where it has one partition, else of what is nobody's
 * alone. On Cluster they must share a slot, so a prefix without a hash tag is wrapped in braces. Several
 * partitions have hash tags of their own, so a prefix with one is refused.
 *
 * @throws InvalidOptionError
 */
export function homePrefix(keyPrefix: string, onCluster: boolean, partitions: number): string {
  // In front, a closing brace would make the braces around the prefix an empty tag.
  const isOdd = keyPrefix === '' || /[\0-\x1f\x7f]|^\}/.test(keyPrefix);
  if (isOdd || Buffer.byteLength(keyPrefix) > 128) {
    throw new InvalidOptionError(
      'keyPrefix',
      keyPrefix,
      'text of 1 to 128 bytes without control characters or a } in front',
    );
  }
  if (partitions > 1 && keyPrefix.includes('{')) {
    const remedy = 'text without a { where there are several `partitions`: each has a hash tag';
    throw new InvalidOptionError('keyPrefix', keyPrefix, remedy);
  }
  return onCluster && !HASH_TAG.test(keyPrefix) ? `{${keyPrefix}}` : keyPrefix;
}

/** Redis looks at the first brace only: `a{}b{tag}` has no tag, and is hashed whole. */
const HASH_TAG = /^[^{]*\{[^}]+\}/;

/**
 * The prefix of the keys of one partition of several, such as `agenda:{3.1}:`. Their hash tags are chosen so
 * that partition `number` lies in the middle of its own part of the slots: as evenly as that goes over the nodes of a
 * Cluster that has them in equal ranges.
 */
export function partitionPrefix(keyPrefix: string, number: number, partitions: number): string {
  const width = SLOTS / partitions;
  const middle = (number + 0.5) * width;
  for (let attempt = 0; ; attempt++) {
    const tag = `${number}.${attempt}`;
    const slot = slotOf(tag);
    if (Math.abs(slot - middle) <= width / 8 + 1) return `${keyPrefix}{${tag}}:`;
  }
}

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
const BEHIND_ALL = '~';
