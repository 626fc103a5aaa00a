import fc from 'fast-check';

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never;

/** Most of what is called concerns plain jobs: new ones, due or not, that succeed the first time. */
const NAMES = ['mail', 'report', 'a:b|"c"'];
const name = fc.constantFrom(...NAMES);
/** Which one, counted back from the newest. */
const pick = fc.nat({ max: 15 });

const due = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ delayMs: 0 }) },
  { weight: 2, arbitrary: fc.constantFrom(1, 500, 60_000).map((delayMs) => ({ delayMs })) },
  { weight: 3, arbitrary: fc.constantFrom(-500, -1, 0, 1, 500).map((atOffset) => ({ atOffset })) },
);

/** `known`: the job of which it has the id; null for none. */
const jobOf = (known: fc.Arbitrary<number | null>, bytes: fc.Arbitrary<number>) =>
  fc.record({ known, name, due, priority: fc.constantFrom(0, 0, 0, 5, -1, 2.5), bytes });
const isNew = fc.constant(null);
const fewBytes = fc.constantFrom(0, 0, 0, 3, 200);
const isSeldomNew = fc.oneof(
  { weight: 9, arbitrary: isNew },
  { weight: 1, arbitrary: fc.nat({ max: 3 }) },
);
const rareOptions = fc.constantFrom(
  { first: true as const },
  { nonce: 'ab' },
  { tags: ['red'] as string[] },
  { version: 2 },
);
const options: fc.Arbitrary<Partial<Of<typeof rareOptions>>> = fc.oneof(
  { weight: 20, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: rareOptions },
);
const plainJob = jobOf(isNew, fewBytes);
const otherJob = fc
  .tuple(jobOf(isSeldomNew, fewBytes), options)
  .map(([job, more]) => ({ ...job, ...more }));
const largeJob = jobOf(isNew, fc.constant(300_000));
export type AskedJob = Of<typeof plainJob> & {
  readonly first?: true;
  readonly nonce?: string;
  readonly tags?: string[];
  readonly version?: number;
};

type Sent = 'now' | 'late' | 'repeat';

/** `moreFlags`: of jobs that are disabled (1) or recur (2). */
const addOf = (
  job: fc.Arbitrary<AskedJob>,
  maxLength: number,
  sent: fc.Arbitrary<Sent>,
  moreFlags: fc.Arbitrary<number>,
) =>
  fc.record({
    do: fc.constant('add' as const),
    jobs: fc.array(job, { minLength: 1, maxLength }),
    sent,
    moreFlags,
  });
const sentNow = fc.constant<Sent>('now');
const plainAdd = addOf(plainJob, 12, sentNow, fc.constant(0));
const largeAdd = addOf(largeJob, 4, sentNow, fc.constant(0));
const otherAdd = addOf(
  otherJob,
  12,
  fc.constantFrom<Sent[]>('now', 'now', 'now', 'now', 'late', 'repeat'),
  fc.constantFrom(0, 0, 0, 0, 1, 2),
);

/** `manner`: '@' stands for an instant ahead. `stays`: it may be settled once more. */
export interface End {
  readonly pick: number;
  readonly manner: string;
  readonly body: string;
  readonly token?: string | undefined;
  readonly stays: boolean;
}
const stays = fc.nat({ max: 7 }).map((chance) => chance === 0);
const plainManner = fc.constantFrom(
  'completed - ',
  'completed - ',
  'completed late ',
  'removed - y0',
  'removed - y2048',
  'removed - y16384',
  'removed late y0',
);
const plainEnd: fc.Arbitrary<End> = fc.record({
  pick: fc.nat({ max: 5 }),
  manner: plainManner,
  body: fc.constantFrom('', '{"r":1}'),
  stays,
});
const otherManner = fc.constantFrom(
  'completed - @',
  'completed-own - ',
  'removed - ',
  'removed - ky0',
  'retry - +500',
  'retry - +0',
  'bury - ',
  'bury - y0',
  'release - ',
  'snooze - +700',
);
const otherEnd: fc.Arbitrary<End> = fc.record({
  pick: fc.nat({ max: 9 }),
  manner: fc.oneof(plainManner, otherManner),
  body: fc.constant('{"reason":"exhausted"}'),
  token: fc.constantFrom(undefined, undefined, undefined, '', 'ab:1'),
  stays,
});

type Heard = 'right' | 'unknown' | 'lost';
const free = fc.constantFrom<number[]>(0, 1, 2, 100, 100, 100, 100);
const askedNames = fc
  .shuffledSubarray(NAMES, { minLength: 2 })
  .chain((names) => fc.tuple(...names.map((one) => fc.record({ name: fc.constant(one), free }))));
const claimOf = (
  ends: fc.Arbitrary<End[]>,
  heard: fc.Arbitrary<Heard>,
  lastStarts: fc.Arbitrary<string>,
) =>
  fc.record({
    do: fc.constant('claim' as const),
    host: fc.constantFrom('h1', 'h2'),
    track: fc.nat({ max: 1 }),
    slots: fc.constantFrom<number[]>(0, 1, 2, 3, 4, 5, 6, 7, 9, 12),
    names: askedNames,
    ends,
    heard,
    goneMs: fc.constantFrom(1_000, 3_000),
    lastStarts,
    standBy: fc.constantFrom('', '', 'g1 5000 ', 'g1 5000 g1', 'g2 5000 g1'),
  });
const plainClaim = claimOf(
  fc.array(plainEnd, { maxLength: 6 }),
  fc.constant<Heard>('right'),
  fc.constant(''),
);
const otherClaim = claimOf(
  fc.array(fc.oneof(plainEnd, otherEnd), { maxLength: 5 }),
  fc.constantFrom<Heard[]>('right', 'right', 'unknown', 'lost'),
  fc.constantFrom('', '0', '1'),
);

const claimAgain = fc.record({
  do: fc.constant('claimAgain' as const),
  who: fc.constantFrom('h1 0', 'h1 1', 'h2 0', 'h2 1'),
});
const advance = fc.record({
  do: fc.constant('advance' as const),
  ms: fc.constantFrom(1, 1, 1, 499, 500, 500, 1_000, 5_000, 29_999, 30_000),
});

type Verb = 'cancel' | 'disable' | 'enable' | 'promote' | 'requeue' | 'rescue' | 'register';
const manage = fc.record({
  do: fc.constant('manage' as const),
  verb: fc.constantFrom<Verb[]>(
    'cancel',
    'disable',
    'enable',
    'promote',
    'requeue',
    'rescue',
    'register',
  ),
  pick,
  name,
});
type Hold = 'limit' | 'unlimit' | 'pause' | 'resume' | 'pauseName' | 'resumeName';
const hold = fc.record({
  do: fc.constant('hold' as const),
  verb: fc.constantFrom<Hold[]>(
    'limit',
    'unlimit',
    'unlimit',
    'pause',
    'resume',
    'resume',
    'pauseName',
    'resumeName',
    'resumeName',
  ),
  name,
});

/** What only strangers do, or what takes long to come about. */
type What =
  | 'noRecord'
  | 'badEntry'
  | 'badRecord'
  | 'state'
  | 'retrying'
  | 'repeating'
  | 'marked'
  | 'dueEarly'
  | 'log'
  | 'patience'
  | 'badPatience'
  | 'gone';
const change = fc.record({
  do: fc.constant('change' as const),
  what: fc.constantFrom<What[]>(
    'noRecord',
    'noRecord',
    'noRecord',
    'badEntry',
    'badRecord',
    'state',
    'state',
    'state',
    'retrying',
    'repeating',
    'marked',
    'marked',
    'dueEarly',
    'log',
    'patience',
    'badPatience',
    'gone',
  ),
  pick,
  name,
});

export type AskedClaim = Of<typeof plainClaim>;
export type Managed = Of<typeof manage>;
export type Held = Of<typeof hold>;
export type Changed = Of<typeof change>;
export type Call =
  | (Omit<Of<typeof otherAdd>, 'jobs'> & { readonly jobs: readonly AskedJob[] })
  | AskedClaim
  | Of<typeof claimAgain>
  | Of<typeof advance>
  | Managed
  | Held
  | Changed;

type Weighted = { weight: number; arbitrary: fc.Arbitrary<Call> };
const runOf = (...others: Weighted[]): fc.Arbitrary<Call[]> => {
  const plain: Weighted[] = [
    { weight: 6, arbitrary: plainAdd },
    { weight: 10, arbitrary: plainClaim },
    { weight: 4, arbitrary: advance },
  ];
  return fc.array(fc.oneof(...plain, ...others), { minLength: 1, maxLength: 60, size: 'max' });
};

export const plainCalls = runOf(
  { weight: 1, arbitrary: otherClaim },
  { weight: 1, arbitrary: manage },
);
export const mixedCalls = runOf(
  { weight: 3, arbitrary: otherAdd },
  { weight: 5, arbitrary: otherClaim },
  { weight: 2, arbitrary: claimAgain },
  { weight: 3, arbitrary: manage },
  { weight: 1, arbitrary: hold },
);
export const heldCalls = runOf(
  { weight: 2, arbitrary: otherClaim },
  { weight: 1, arbitrary: manage },
  { weight: 3, arbitrary: hold },
);
export const damagedCalls = runOf(
  { weight: 2, arbitrary: otherAdd },
  { weight: 3, arbitrary: otherClaim },
  { weight: 1, arbitrary: claimAgain },
  { weight: 1, arbitrary: manage },
  { weight: 5, arbitrary: change },
);
export const largeCalls = runOf(
  { weight: 6, arbitrary: largeAdd },
  { weight: 1, arbitrary: otherClaim },
  { weight: 1, arbitrary: manage },
);
