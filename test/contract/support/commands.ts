import fc from 'fast-check';
import type {
  KeyLimits,
  LoggedLines,
  NameLimits,
  NameRetention,
  RateLimit,
  RetentionRule,
} from '../../../lib/core/contracts/job-broker.js';
import type { RemovalTerms } from '../../../lib/core/contracts/mending.js';
import {
  REPLACED_PARTS,
  type Dedupe,
  type Idempotency,
  type JobHeaders,
  type OwnRetention,
} from '../../../lib/core/job/job-record.js';

/*
 * What the model-based test may do to a store: plain values, so that a failing run can be shrunk and
 * printed. Times are relative to the present of the run; `pick`s choose among what is known by then.
 */

export type Command =
  | { do: 'enqueue'; jobs: AskedJob[] }
  | { do: 'dedupe'; job: AskedJob; dedupe: Dedupe }
  | { do: 'save'; row: AskedRow }
  | { do: 'saveAgain'; pick: number; row: AskedRow }
  | { do: 'saveSingle'; row: AskedRow; rule: number; key: number; declared: boolean }
  | { do: 'saveUnique'; row: AskedRow; unique: AskedUnique }
  | { do: 'saveLocked'; row: AskedRow; offset: number }
  | { do: 'claimRow'; name: string; aheadMs: number; lockLifetimeMs: number }
  | { do: 'lockRow'; pick: number }
  | { do: 'writeRow'; pick: number; write: AskedWrite }
  | { do: 'unlockRow'; pick: number; byId: boolean }
  | { do: 'setDisabled'; pick: number; byName: boolean; disabled: boolean }
  | {
      do: 'claim';
      host: number;
      slots: number;
      names: AskedName[];
      leaseMs: number;
      lastStarts: 0 | 1 | undefined;
      standBy: AskedStandBy | undefined;
      ends: End[];
    }
  | { do: 'repeatClaim'; host: number }
  | { do: 'claimOne'; pick: number; host: number; leaseMs: number }
  | { do: 'renew'; picks: number[]; forMs: number; afterExpiry: boolean; told: AskedReport[] }
  | { do: 'rescue'; limit: number; leaseMs: number }
  | { do: 'loseAll' }
  | { do: 'cancel'; picks: number[] }
  | { do: 'requeue'; picks: number[]; how: AskedRequeue }
  | { do: 'update'; pick: number; change: AskedChange }
  | { do: 'promote'; picks: number[] }
  | { do: 'removeIf'; picks: number[]; terms: RemovalTerms }
  | { do: 'forgetName'; name: string }
  | { do: 'removeName'; name: string }
  | {
      do: 'register';
      name: string;
      maxRescues: number;
      retention: NameRetention | undefined;
      limits: NameLimits | undefined;
    }
  | { do: 'pause'; name: string | undefined; reason: string | undefined }
  | { do: 'resume'; name: string | undefined }
  | { do: 'setLimits'; name: string; limits: NameLimits | null }
  | { do: 'prune' }
  | { do: 'clean'; name: string; place: 'completed' | 'dead'; olderThanMs: number; limit: number }
  | { do: 'advance'; ms: number };

export interface AskedJob {
  id: string;
  nonce: string | undefined;
  name: string;
  data: string | undefined;
  priority: number;
  due: { delayMs: number } | { atOffset: number };
  attempts: number | undefined;
  lastModifiedBy: string | undefined;
  idempotency: Idempotency | undefined;
  retention: OwnRetention | undefined;
  key: string | undefined;
  first: true | undefined;
  tags: string[] | undefined;
  expires: { delayMs: number } | { atOffset: number } | undefined;
  version: number | undefined;
  context: JobHeaders | undefined;
}

/** Of the jobs of a run: by which they are searched for, too. */
export const TAGS = ['red', 'large', 'a:{"b"}'] as const;

export interface AskedRow {
  name: string;
  /** `undefined`: keep, or none. */
  offset: number | undefined;
  priority: number;
  disabled: boolean | undefined;
  data: unknown;
  /** Of a new job: which others it shares limits with. */
  key: string | undefined;
  version: number | undefined;
  /** Of a new job. */
  context: JobHeaders | undefined;
}

export interface AskedUnique {
  key: number;
  insertOnly: boolean;
  debounce: { delay: number; maxWait?: number; strategy: 'trailing' | 'leading' } | undefined;
}

/** What a handler tells along with a renewal. */
export interface AskedReport {
  progress?: unknown;
  lines?: LoggedLines;
}

/** What an engine that was handed a row writes of it; `bare` without its token. */
export interface AskedWrite {
  how: (typeof WRITES)[number];
  offset: number | undefined;
  bare: boolean;
}

export interface AskedRequeue {
  expectName: string | undefined;
  due: { delayMs: number } | { atOffset: number };
  resetAttempts: boolean;
  data: string | null | undefined;
  version: number | undefined;
}

export interface AskedChange {
  data: string | null | undefined;
  version: number | undefined;
  priority: number | undefined;
  due: { delayMs: number } | { atOffset: number } | undefined;
  lastModifiedBy: string | undefined;
}

/** The group of which a host was last left standing by is known by then. */
export interface AskedStandBy {
  group: string;
  forMs: number;
}

export interface AskedName {
  name: string;
  slots: number;
}

export interface End {
  pick: number;
  how: (typeof ENDS)[number];
  ms: number;
  afterExpiry: boolean;
  forged: boolean;
}

const ENDS = [
  'complete',
  'omit',
  'remove',
  'next',
  'retry',
  'retryAt',
  'fresh',
  'bury',
  'release',
  'snooze',
  'skip',
  'throttle',
] as const;

const WRITES = ['start', 'touch', 'progress', 'succeed', 'fail'] as const;

const names = ['mail', 'report', 'a:b|"c"'];
const name = fc.constantFrom(...names);
const pick = fc.nat({ max: 99 });
const ms = fc.constantFrom(0, 1, 50, 100, 1_000);
const offset = fc.constantFrom(-5, 0, 1, 50, 100, 1_000);
const priority = fc.constantFrom(0, 0, 0, -1, 2.5);
const data = fc.constantFrom(undefined, null, 0, 'text', { nested: [{}] });
const version = fc.constantFrom(undefined, undefined, undefined, 2, 32_767);
/** Texts that look like what stands around them where they are stored. */
const hostile = fc
  .array(
    fc.constantFrom(
      ...[
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ',',
        '0',
        '%b{}',
        '\u2028',
        '😀',
        '"by":"x",',
        '"context":{',
      ],
      ...[
        '"nonce":"ab"',
        ',"key":"b"',
        '"expires":"+5"',
        '"expires":5',
        '"keys":["',
        '],"frees":[',
      ],
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const headers = fc.oneof(
  fc.constantFrom<JobHeaders>(
    { tenant: 'acme' },
    { nonce: 'ab', by: 'x', keys: 'y', frees: 'z', tags: 't', key: 'b', expires: '+5' },
  ),
  fc.dictionary(hostile, hostile, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
);
const context = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: headers },
);
const often = fc.constantFrom(false, false, false, true);

const idempotency: fc.Arbitrary<Idempotency | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({
      key: fc.constantFrom('order-1', 'order-{"2"}'),
      release: fc.constantFrom('removal', 'finish', 'time'),
      holdMs: fc.constantFrom(50, 1_000, 30_000),
    }),
  },
);

const ownLimit = fc.constantFrom(null, 1, 50, 1_000);
const ownRetention: fc.Arbitrary<OwnRetention | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.record({ completed: ownLimit, failed: ownLimit }, { requiredKeys: [] }),
  },
);

const limits: fc.Arbitrary<RetentionRule> = fc.record({
  ageMs: fc.constantFrom(null, null, 1, 50, 1_000),
  count: fc.constantFrom(null, 0, 1, 3),
});

const askedJob: fc.Arbitrary<AskedJob> = fc.record({
  id: fc.nat({ max: 120 }).map((n) => `job-${n}`),
  nonce: fc.constantFrom(undefined, undefined, 'ab', 'cd'),
  name,
  data: data.map((value) => (value === undefined ? undefined : JSON.stringify(value))),
  priority,
  due: fc.oneof(fc.record({ delayMs: ms }), fc.record({ atOffset: offset })),
  attempts: fc.constantFrom(undefined, undefined, 3),
  lastModifiedBy: fc.constantFrom(undefined, 'billing'),
  idempotency,
  retention: ownRetention,
  key: fc.constantFrom(undefined, undefined, 'a', 'b:"{|'),
  first: fc.constantFrom(undefined, undefined, undefined, true as const),
  tags: fc.option(fc.subarray([...TAGS]), { nil: undefined, freq: 2 }),
  expires: fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ delayMs: fc.constantFrom(50, 100, 1_000, 5_000) }) },
    { weight: 1, arbitrary: fc.record({ atOffset: offset }) },
  ),
  version,
  context,
});

const askedRow: fc.Arbitrary<AskedRow> = fc.record({
  name,
  offset: fc.option(offset, { nil: undefined, freq: 4 }),
  priority,
  disabled: fc.constantFrom(undefined, undefined, undefined, true, false),
  data,
  key: fc.constantFrom(undefined, undefined, 'a', 'b:"{|'),
  version,
  context,
});

const askedUnique: fc.Arbitrary<AskedUnique> = fc.record({
  key: fc.nat({ max: 1 }),
  insertOnly: often,
  debounce: fc.constantFrom(
    undefined,
    { delay: 50, strategy: 'trailing' as const },
    { delay: 100, maxWait: 150, strategy: 'trailing' as const },
    { delay: 100, strategy: 'leading' as const },
  ),
});

const askedWrite: fc.Arbitrary<AskedWrite> = fc.record({
  how: fc.constantFrom(...WRITES),
  offset: fc.option(offset, { nil: undefined, freq: 2 }),
  bare: often,
});

const askedRequeue: fc.Arbitrary<AskedRequeue> = fc.record({
  expectName: fc.constantFrom(undefined, undefined, 'mail'),
  due: fc.oneof(fc.record({ delayMs: ms }), fc.record({ atOffset: offset })),
  resetAttempts: fc.boolean(),
  data: fc.constantFrom(undefined, undefined, null, '"new"', '[1,{"type":"single"}]'),
  version,
});

const askedChange: fc.Arbitrary<AskedChange> = fc.record({
  data: fc.constantFrom(undefined, undefined, null, '"new"', '[1,{"type":"single"}]'),
  version,
  priority: fc.option(priority, { nil: undefined }),
  due: fc.option(fc.oneof(fc.record({ delayMs: ms }), fc.record({ atOffset: offset })), {
    nil: undefined,
    freq: 2,
  }),
  lastModifiedBy: fc.constantFrom(undefined, undefined, 'support'),
});

const terms: fc.Arbitrary<RemovalTerms> = fc.oneof(
  fc.record({ only: fc.constantFrom('queued' as const, 'waiting' as const, 'dead' as const) }),
  fc.record({ sparesRunning: fc.boolean(), sparesRecurring: fc.boolean() }),
);

/** Leases are known newest first: most of these are still held. */
const lease = fc.nat({ max: 7 });

const report: fc.Arbitrary<AskedReport> = fc.record(
  {
    progress: fc.constantFrom<unknown>(0, 50, null, 'half', true, [1], { page: 2 }),
    lines: fc.record({
      first: fc.constantFrom(1, 1, 2, 4),
      lines: fc.array(fc.constantFrom('', 'a line', 'é'.repeat(20_000)), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  { requiredKeys: [] },
);

const end: fc.Arbitrary<End> = fc.record({
  pick: lease,
  how: fc.constantFrom(...ENDS),
  ms,
  afterExpiry: often,
  forged: fc.constantFrom(false, false, false, false, false, true),
});

const enqueue = fc.record({
  do: fc.constant('enqueue' as const),
  jobs: fc.array(askedJob, { minLength: 1, maxLength: 5 }),
});

const dedupeKey = fc.constantFrom('user-1', 'user-{"2"}');
const dedupe = fc.record({
  do: fc.constant('dedupe' as const),
  job: askedJob.map((job) => ({ ...job, idempotency: undefined })),
  dedupe: fc.oneof(
    fc.record({
      key: dedupeKey,
      mode: fc.constant('debounce' as const),
      forMs: fc.constantFrom(1, 50, 1_000),
    }),
    fc.record({
      key: dedupeKey,
      mode: fc.constant('debounce' as const),
      forMs: fc.constantFrom(50, 1_000),
      maxWaitMs: fc.constantFrom(20, 100),
    }),
    fc.record({
      key: dedupeKey,
      mode: fc.constant('debounce' as const),
      forMs: fc.constantFrom(50, 1_000),
      leading: fc.constant(true),
    }),
    fc.record({ key: dedupeKey, mode: fc.constant('latest' as const) }),
    fc.record({
      key: dedupeKey,
      mode: fc.constant('replace' as const),
      takes: fc.subarray([...REPLACED_PARTS], { minLength: 1 }),
    }),
  ) as fc.Arbitrary<Dedupe>,
});

const askedStandBy: fc.Arbitrary<AskedStandBy> = fc.record({
  group: fc.constantFrom('one', 'one', 'other'),
  forMs: fc.constantFrom(50, 1_000, 30_000),
});

const claim = fc.record({
  do: fc.constant('claim' as const),
  host: fc.nat({ max: 2 }),
  slots: fc.constantFrom(0, 1, 2, 3, 6, 20),
  names: fc
    .shuffledSubarray([...names, 'unheard'])
    .chain((some) =>
      fc.tuple(
        ...some.map((one) =>
          fc.record({ name: fc.constant(one), slots: fc.constantFrom(0, 1, 2, 3, 20) }),
        ),
      ),
    ),
  leaseMs: fc.constantFrom(100, 1_000, 1_000),
  lastStarts: fc.constantFrom(undefined, 0 as const, 1 as const),
  standBy: fc.option(askedStandBy, { nil: undefined, freq: 4 }),
  ends: fc.array(end, { maxLength: 4 }),
});

const advance = fc.record({
  do: fc.constant('advance' as const),
  ms: fc.constantFrom(1, 49, 50, 99, 100, 101, 900, 1_000, 5_000, 30_000),
});

const loseAll = fc.record({ do: fc.constant('loseAll' as const) });

const rate: fc.Arbitrary<RateLimit> = fc.oneof(
  fc.record({ max: fc.constantFrom(1, 2, 5), perMs: fc.constantFrom(50, 1_000) }),
  fc.record({ max: fc.constantFrom(101, 150), perMs: fc.constantFrom(100, 1_000) }),
  fc.record({
    max: fc.constantFrom(1, 3),
    perMs: fc.constantFrom(50, 1_000),
    spread: fc.constant(true),
  }),
);

const keyLimits: fc.Arbitrary<KeyLimits> = fc.oneof(
  fc.record({ concurrency: fc.constantFrom(1, 1, 2, 3), rate }, { requiredKeys: [] }),
  fc.record({ order: fc.constant('fifo' as const), rate }, { requiredKeys: ['order'] }),
);

const nameLimits: fc.Arbitrary<NameLimits> = fc.record(
  {
    concurrency: fc.constantFrom(1, 2, 3),
    rate,
    key: keyLimits,
    maxQueued: fc.constantFrom(2, 10, 50),
  },
  { requiredKeys: [] },
);

const register = fc.record({
  do: fc.constant('register' as const),
  name,
  maxRescues: fc.nat({ max: 2 }),
  retention: fc.option(fc.record({ completed: limits, failed: limits }), { nil: undefined }),
  limits: fc.option(nameLimits, { nil: undefined }),
});

const pause = fc.record({
  do: fc.constant('pause' as const),
  name: fc.option(name, { nil: undefined, freq: 4 }),
  reason: fc.constantFrom(undefined, 'maintenance', 'a "word"'),
});

const resume = fc.record({
  do: fc.constant('resume' as const),
  name: fc.option(name, { nil: undefined, freq: 2 }),
});

const setLimits = fc.record({
  do: fc.constant('setLimits' as const),
  name,
  limits: fc.option(nameLimits),
});

const prune = fc.record({ do: fc.constant('prune' as const) });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 14, arbitrary: enqueue },
  { weight: 8, arbitrary: dedupe },
  { weight: 10, arbitrary: claim },
  { weight: 5, arbitrary: advance },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('save' as const), row: askedRow }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('saveAgain' as const), pick, row: askedRow }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('saveSingle' as const),
      row: askedRow,
      rule: fc.nat({ max: 2 }),
      key: fc.nat({ max: 1 }),
      declared: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('saveUnique' as const),
      row: askedRow,
      unique: askedUnique,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('saveLocked' as const),
      row: askedRow,
      offset,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('claimRow' as const),
      name,
      aheadMs: fc.constantFrom(-5, 0, 50, 5_000),
      lockLifetimeMs: fc.constantFrom(50, 1_000, 600_000, 600_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lockRow' as const), pick }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('writeRow' as const),
      pick: lease,
      write: askedWrite,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('unlockRow' as const),
      pick: lease,
      byId: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('setDisabled' as const),
      pick,
      byName: often,
      disabled: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('repeatClaim' as const), host: fc.nat({ max: 2 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('claimOne' as const),
      pick,
      host: fc.nat({ max: 2 }),
      leaseMs: fc.constantFrom(100, 1_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('renew' as const),
      picks: fc.uniqueArray(lease, { maxLength: 4 }),
      forMs: fc.constantFrom(50, 1_000),
      afterExpiry: often,
      told: fc.array(report, { maxLength: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('rescue' as const),
      limit: fc.constantFrom(1, 2, 100),
      leaseMs: fc.constantFrom(100, 1_000, 5_000, 5_000),
    }),
  },
  { weight: 1, arbitrary: loseAll },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('requeue' as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 20 }),
      how: askedRequeue,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('update' as const), pick, change: askedChange }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('promote' as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 10 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('removeIf' as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 5 }),
      terms,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forgetName' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeName' as const), name }) },
  { weight: 2, arbitrary: register },
  { weight: 1, arbitrary: pause },
  { weight: 2, arbitrary: resume },
  { weight: 2, arbitrary: setLimits },
  { weight: 3, arbitrary: prune },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('clean' as const),
      name,
      place: fc.constantFrom('completed' as const, 'dead' as const),
      olderThanMs: fc.constantFrom(0, 1, 50, 1_000),
      limit: fc.constantFrom(1, 3, 200),
    }),
  },
);

export const commands = fc.array(command, { minLength: 10, maxLength: 80, size: 'max' });

/** Few jobs, and processes that are lost again and again: what comes to its last start. */
const crash: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: enqueue },
  { weight: 8, arbitrary: claim },
  { weight: 4, arbitrary: loseAll },
  { weight: 3, arbitrary: command },
);
export const crashes = fc.array(crash, { minLength: 20, maxLength: 60, size: 'max' });

/** What ends, and how long it stays. */
const ending: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: enqueue },
  { weight: 2, arbitrary: dedupe },
  { weight: 8, arbitrary: claim },
  { weight: 2, arbitrary: register },
  { weight: 4, arbitrary: prune },
  { weight: 4, arbitrary: command },
);
export const endings = fc.array(ending, { minLength: 20, maxLength: 80, size: 'max' });

/** Hosts that mostly sleep, and what wakes them. */
const oneJob = fc.record({
  do: fc.constant('enqueue' as const),
  jobs: fc.array(askedJob, { minLength: 1, maxLength: 2 }),
});
const rest = claim.map((asked) => ({
  ...asked,
  slots: Math.max(asked.slots, 1),
  names: names.map((one) => ({ name: one, slots: 3 })),
  ends: asked.ends.slice(0, 1),
}));
const sleeper: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: oneJob },
  { weight: 14, arbitrary: rest },
  { weight: 2, arbitrary: claim },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('repeatClaim' as const), host: fc.nat({ max: 2 }) }),
  },
  { weight: 2, arbitrary: setLimits },
  { weight: 4, arbitrary: advance },
  { weight: 3, arbitrary: command },
);
export const sleepers = fc.array(sleeper, { minLength: 20, maxLength: 80, size: 'max' });

/** What holds names back, and what lets them go on. */
const gate: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: enqueue },
  { weight: 10, arbitrary: claim },
  { weight: 1, arbitrary: pause },
  { weight: 2, arbitrary: resume },
  { weight: 3, arbitrary: setLimits },
  { weight: 1, arbitrary: register },
  { weight: 5, arbitrary: advance },
  { weight: 6, arbitrary: command },
);
export const gates = fc.array(gate, { minLength: 20, maxLength: 80, size: 'max' });

/** Jobs with few keys, of which limits say how many run. */
const keyed = fc.record({
  do: fc.constant('enqueue' as const),
  jobs: fc.array(
    askedJob.map((job) => ({ ...job, name: 'mail', key: job.key ?? 'c' })),
    { minLength: 1, maxLength: 8 },
  ),
});
const keyedRow = askedRow.map((row) => ({ ...row, name: 'mail', key: row.key ?? 'c' }));
const line: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: keyed },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('save' as const), row: keyedRow }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('saveSingle' as const),
      row: keyedRow,
      rule: fc.nat({ max: 2 }),
      key: fc.nat({ max: 1 }),
      declared: fc.boolean(),
    }),
  },
  { weight: 12, arbitrary: claim },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('setLimits' as const),
      name: fc.constant('mail'),
      limits: fc.oneof(
        { weight: 5, arbitrary: keyLimits.map((key) => ({ key })) },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
    }),
  },
  { weight: 5, arbitrary: advance },
  { weight: 1, arbitrary: loseAll },
  { weight: 6, arbitrary: command },
);
export const lines = fc.array(line, { minLength: 20, maxLength: 80, size: 'max' });
