import fc from 'fast-check';
import type { JobsQueryOptions } from '../../../lib/core/contracts/job-parameters.js';

/*
 * Random queries for the stores that random commands have filled: about the names and data of those
 * commands, and about ids that are picked among the known ones.
 */

export interface AskedQuery {
  query: JobsQueryOptions;
  /** Which of the known jobs; left out: no criterion. */
  picks?: number[];
}

const names = ['mail', 'report', 'a:b|"c"', 'unheard'];
const direction = fc.constantFrom('asc' as const, 'desc' as const, 1 as const, -1 as const);
const keys = ['nextRunAt', 'lastRunAt', 'lastFinishedAt', 'priority', 'name', 'data'] as const;

/** Up to three keys, in any order of precedence. */
const sort = fc
  .shuffledSubarray([...keys], { maxLength: 3 })
  .chain((some) =>
    fc
      .tuple(...some.map(() => direction))
      .map((directions) => Object.fromEntries(some.map((key, i) => [key, directions[i]]))),
  );

const state = fc.constantFrom(
  ...(['running', 'scheduled', 'queued', 'completed', 'failed', 'repeating', 'paused'] as const),
);
const page = { skip: fc.nat({ max: 6 }), limit: fc.nat({ max: 12 }) };
const name = fc.constantFrom(...names);

/** For a state, in the order of its index. */
const bounded: fc.Arbitrary<JobsQueryOptions> = fc
  .record({ state, names: fc.subarray(names), ...page }, { requiredKeys: ['state'] })
  .chain((query) => {
    if (query.state === 'scheduled' || query.state === 'repeating') {
      return fc.record({ ...constants(query), sort: fc.record({ nextRunAt: direction }) });
    }
    if (query.state !== 'completed') return fc.constant(query);
    return fc.record({ ...constants(query), sort: fc.record({ lastFinishedAt: direction }) });
  });

const any: fc.Arbitrary<JobsQueryOptions> = fc.record(
  {
    name,
    names: fc.subarray(names),
    state,
    search: fc.constantFrom('', 'r', 'MA', ':', '"'),
    data: fc.constantFrom<unknown>(
      undefined,
      null,
      0,
      'text',
      {},
      { nested: [{}] },
      { nested: {} },
    ),
    includeDisabled: fc.boolean(),
    sort,
    ...page,
  },
  { requiredKeys: [] },
);

export const query: fc.Arbitrary<AskedQuery> = fc.oneof(
  bounded.map((options) => ({ query: options })),
  any.map((options) => ({ query: options })),
  fc.record({ query: any, picks: fc.array(fc.nat({ max: 99 }), { maxLength: 8 }) }),
);

function constants<T extends object>(value: T): { [Key in keyof T]: fc.Arbitrary<T[Key]> } {
  const entries = Object.entries(value).map(([key, item]) => [key, fc.constant(item)]);
  return Object.fromEntries(entries) as { [Key in keyof T]: fc.Arbitrary<T[Key]> };
}
