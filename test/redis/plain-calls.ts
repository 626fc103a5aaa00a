import fc from 'fast-check';

export const NAMES = ['mail', 'report', 'a:b|"c"', 'm4', 'm5'];
const HOSTS = ['h1', 'h2'];

const name = fc.constantFrom(...NAMES);
const pick = fc.nat({ max: 39 });

const due = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ delayMs: 0 }) },
  { weight: 2, arbitrary: fc.constantFrom(1, 500, 60_000).map((delayMs) => ({ delayMs })) },
  { weight: 3, arbitrary: fc.constantFrom(-500, -1, 0, 1, 500).map((atOffset) => ({ atOffset })) },
);

const plainJob = fc.record({
  id: pick.map((n) => `job-${n}`),
  name,
  due,
  priority: fc.constantFrom(0, 0, 0, 5, -1, 2.5),
  data: fc.constantFrom(0, 0, 0, 3, 200),
});
const otherJob = fc.record(
  {
    id: pick.map((n) => `job-${n}`),
    name,
    due,
    priority: fc.constantFrom(0, 5),
    data: fc.constant(0),
    first: fc.constant(true),
    nonce: fc.constantFrom('ab', 'cd'),
    tags: fc.constant(['red']),
    version: fc.constant(2),
  },
  { requiredKeys: ['id', 'name', 'due', 'priority', 'data'] },
);
const largeJob = plainJob.map((job) => ({ ...job, data: 300_000 }));
export type AskedJob = (typeof plainJob extends fc.Arbitrary<infer T> ? T : never) & {
  first?: boolean;
  nonce?: string;
  tags?: string[];
  version?: number;
};

const addOf = (job: fc.Arbitrary<AskedJob>, sent: fc.Arbitrary<'now' | 'late' | 'repeat'>, moreFlags: fc.Arbitrary<number>, maxLength = 12) =>
  fc.record({
    do: fc.constant('add' as const),
    jobs: fc.array(job, { minLength: 1, maxLength }),
    sent,
    moreFlags,
  });
const plainAdd = addOf(plainJob, fc.constant('now' as const), fc.constant(0)).map((add) => ({
  ...add,
  jobs: [...new Map(add.jobs.map((job) => [job.id, job])).values()],
}));
const otherAdd = addOf(
  fc.oneof(plainJob, otherJob),
  fc.constantFrom('now' as const, 'now' as const, 'late' as const, 'repeat' as const),
  fc.constantFrom(0, 0, 1, 2),
);

const plainEnd = fc.record({
  pick: fc.nat({ max: 5 }),
  manner: fc.constantFrom('completed - ', 'completed - ', 'removed - y0', 'removed - y8192', 'removed - y2048', 'completed late ', 'removed late y0'),
  body: fc.constantFrom('', '{"r":1}'),
  token: fc.constant(undefined),
  stays: fc.constant(false),
});
const otherEnd = fc.record({
  pick: fc.nat({ max: 9 }),
  manner: fc.constantFrom(
    'removed - ', 'removed - ky0', 'retry - +500', 'retry - +0', 'bury - ', 'bury - y0', 'release - ', 'snooze - +700',
    'completed-own - ', 'completed - @', 'completed - ', 'removed - y0', 'completed late ',
  ),
  body: fc.constantFrom('{"r":1,"reason":"exhausted"}'),
  token: fc.constantFrom(undefined, undefined, undefined, '', 'ab:1'),
  stays: fc.boolean(),
});
export type End = { pick: number; manner: string; body: string; token: string | undefined; stays: boolean };

const claimOf = (ends: fc.Arbitrary<End[]>, heard: fc.Arbitrary<'right' | 'unknown' | 'lost'>, lastStarts: fc.Arbitrary<string>) =>
  fc.record({
    do: fc.constant('claim' as const),
    host: fc.constantFrom(...HOSTS),
    track: fc.nat({ max: 1 }),
    slots: fc.constantFrom(0, 1, 2, 3, 5, 8, 20, 100),
    names: fc
      .shuffledSubarray(NAMES, { minLength: 1 })
      .chain((names) => fc.tuple(...names.map((one) => fc.record({ name: fc.constant(one), free: fc.constantFrom(0, 1, 2, 4, 100, 100) })))),
    ends,
    heard,
    goneMs: fc.constantFrom(1_000, 3_000),
    lastStarts,
    standBy: fc.constantFrom('', '', 'g1 5000 ', 'g1 5000 g1', 'g2 5000 g1'),
  });
const plainClaim = claimOf(fc.array(plainEnd, { maxLength: 6 }), fc.constant('right' as const), fc.constant(''));
const otherClaim = claimOf(
  fc.array(fc.oneof(plainEnd, otherEnd), { maxLength: 5 }),
  fc.constantFrom('right' as const, 'right' as const, 'unknown' as const, 'lost' as const),
  fc.constantFrom('', '0', '1'),
);
export type AskedClaim = typeof otherClaim extends fc.Arbitrary<infer T> ? T : never;

const claimAgain = fc.record({ do: fc.constant('claimAgain' as const), who: fc.constantFrom('h1 0', 'h1 1', 'h2 0', 'h2 1') });
const advance = fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 1, 499, 500, 1_000, 5_000, 29_999, 30_000, 61_000) });
const manage = fc.record({
  do: fc.constant('manage' as const),
  verb: fc.constantFrom('cancel', 'cancel', 'disable', 'disableName', 'enable', 'promote', 'requeue', 'rescue', 'rescue', 'renew', 'register'),
  pick,
  name,
});
const hold = fc.record({
  do: fc.constant('manage' as const),
  verb: fc.constantFrom('limit', 'unlimit', 'unlimit', 'pause', 'resume', 'resume', 'pauseName', 'resumeName', 'resumeName'),
  pick,
  name,
});
const damage = fc.record({
  do: fc.constant('damage' as const),
  what: fc.constantFrom('noRecord', 'noRecord', 'noRecord', 'badEntry', 'badRecord', 'strayState', 'strayRetry', 'strayRepeat', 'mark', 'mark', 'dueEarly', 'log', 'patience', 'badPatience', 'oldGone'),
  pick,
  name,
});

export type Call = fc.Arbitrary<never> extends never ? never :
  | (typeof otherAdd extends fc.Arbitrary<infer T> ? T : never)
  | AskedClaim
  | (typeof claimAgain extends fc.Arbitrary<infer T> ? T : never)
  | (typeof advance extends fc.Arbitrary<infer T> ? T : never)
  | (typeof manage extends fc.Arbitrary<infer T> ? T : never)
  | (typeof hold extends fc.Arbitrary<infer T> ? T : never)
  | (typeof damage extends fc.Arbitrary<infer T> ? T : never);

const many = { minLength: 1, maxLength: 60, size: 'max' } as const;
const plainly = [
  { weight: 6, arbitrary: plainAdd },
  { weight: 10, arbitrary: plainClaim },
  { weight: 4, arbitrary: advance },
];
export const plainCalls = fc.array(fc.oneof<fc.WeightedArbitrary<Call>[]>(...(plainly as never[]), { weight: 1, arbitrary: otherClaim as never }, { weight: 1, arbitrary: manage as never }), many);
export const mixedCalls = fc.array(
  fc.oneof<fc.WeightedArbitrary<Call>[]>(
    ...(plainly as never[]),
    ...([
      { weight: 3, arbitrary: otherAdd },
      { weight: 5, arbitrary: otherClaim },
      { weight: 2, arbitrary: claimAgain },
      { weight: 3, arbitrary: manage },
      { weight: 1, arbitrary: hold },
    ] as never[]),
  ),
  many,
);
export const damagedCalls = fc.array(
  fc.oneof<fc.WeightedArbitrary<Call>[]>(
    ...(plainly as never[]),
    ...([
      { weight: 2, arbitrary: otherAdd },
      { weight: 3, arbitrary: otherClaim },
      { weight: 1, arbitrary: claimAgain },
      { weight: 1, arbitrary: manage },
      { weight: 5, arbitrary: damage },
    ] as never[]),
  ),
  many,
);
export const largeCalls = fc.array(
  fc.oneof<fc.WeightedArbitrary<Call>[]>(
    ...(plainly as never[]),
    ...([
      { weight: 8, arbitrary: addOf(largeJob as never, fc.constant('now' as const), fc.constant(0), 4) },
      { weight: 1, arbitrary: otherClaim },
      { weight: 1, arbitrary: manage },
    ] as never[]),
  ),
  many,
);
