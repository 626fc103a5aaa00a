import fc from 'fast-check';

/*
 * What the model-based test may do to a store: plain values, so that a failing run can be shrunk and
 * printed. Times are relative to the present of the run; `pick`s choose among what is known by then.
 */

export type Command =
  | { do: 'enqueue'; jobs: AskedJob[] }
  | { do: 'save'; row: AskedRow }
  | { do: 'saveAgain'; pick: number; row: AskedRow }
  | { do: 'saveSingle'; row: AskedRow; rule: number; key: number }
  | { do: 'saveUnique'; row: AskedRow; unique: AskedUnique }
  | { do: 'saveLocked'; row: AskedRow; offset: number }
  | { do: 'claimRow'; name: string; aheadMs: number; lockLifetimeMs: number }
  | { do: 'lockRow'; pick: number }
  | { do: 'writeRow'; pick: number; write: AskedWrite }
  | { do: 'unlockRow'; pick: number; byId: boolean }
  | { do: 'setDisabled'; pick: number; byName: boolean; disabled: boolean }
  | { do: 'claim'; host: number; slots: number; names: AskedName[]; leaseMs: number; ends: End[] }
  | { do: 'repeatClaim'; host: number }
  | { do: 'renew'; picks: number[]; forMs: number; afterExpiry: boolean }
  | { do: 'rescue'; limit: number; leaseMs: number }
  | { do: 'cancel'; picks: number[] }
  | { do: 'removeName'; name: string }
  | { do: 'register'; name: string; maxRescues: number }
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
}

export interface AskedRow {
  name: string;
  /** `undefined`: keep, or none. */
  offset: number | undefined;
  priority: number;
  disabled: boolean | undefined;
  data: unknown;
}

export interface AskedUnique {
  key: number;
  insertOnly: boolean;
  debounce: { delay: number; maxWait?: number; strategy: 'trailing' | 'leading' } | undefined;
}

/** What an engine that was handed a row writes of it; `bare` without its token. */
export interface AskedWrite {
  how: (typeof WRITES)[number];
  offset: number | undefined;
  bare: boolean;
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
  'remove',
  'next',
  'retry',
  'retryAt',
  'fresh',
  'bury',
  'release',
  'snooze',
  'skip',
] as const;

const WRITES = ['start', 'touch', 'progress', 'succeed', 'fail'] as const;

const names = ['mail', 'report', 'a:b|"c"'];
const name = fc.constantFrom(...names);
const pick = fc.nat({ max: 99 });
const ms = fc.constantFrom(0, 1, 50, 100, 1_000);
const offset = fc.constantFrom(-5, 0, 1, 50, 100, 1_000);
const priority = fc.constantFrom(0, 0, 0, -1, 2.5);
const data = fc.constantFrom(undefined, null, 0, 'text', { nested: [{}] });
const often = fc.constantFrom(false, false, false, true);

const askedJob: fc.Arbitrary<AskedJob> = fc.record({
  id: fc.nat({ max: 120 }).map((n) => `job-${n}`),
  nonce: fc.constantFrom(undefined, undefined, 'ab', 'cd'),
  name,
  data: data.map((value) => (value === undefined ? undefined : JSON.stringify(value))),
  priority,
  due: fc.oneof(fc.record({ delayMs: ms }), fc.record({ atOffset: offset })),
  attempts: fc.constantFrom(undefined, undefined, 3),
  lastModifiedBy: fc.constantFrom(undefined, 'billing'),
});

const askedRow: fc.Arbitrary<AskedRow> = fc.record({
  name,
  offset: fc.option(offset, { nil: undefined, freq: 4 }),
  priority,
  disabled: fc.constantFrom(undefined, undefined, undefined, true, false),
  data,
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

/** Leases are known newest first: most of these are still held. */
const lease = fc.nat({ max: 7 });

const end: fc.Arbitrary<End> = fc.record({
  pick: lease,
  how: fc.constantFrom(...ENDS),
  ms,
  afterExpiry: often,
  forged: fc.constantFrom(false, false, false, false, false, true),
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
  ends: fc.array(end, { maxLength: 4 }),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('enqueue' as const),
      jobs: fc.array(askedJob, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 10, arbitrary: claim },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 49, 50, 99, 100, 101, 900, 1_000, 5_000, 30_000),
    }),
  },
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
      do: fc.constant('renew' as const),
      picks: fc.uniqueArray(lease, { maxLength: 4 }),
      forMs: fc.constantFrom(50, 1_000),
      afterExpiry: often,
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
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeName' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('register' as const),
      name,
      maxRescues: fc.nat({ max: 2 }),
    }),
  },
);

export const commands = fc.array(command, { minLength: 10, maxLength: 80, size: 'max' });
