import { InvalidOptionError, Job } from '../core/index.js';
import { FIND_STATES } from '../core/query/find-query.js';
import type { ExpectedCount, ExpectedSchedule } from './expectations.js';
import { JobTesting } from './job-testing.js';
import { stateOf } from './stored-jobs.js';
import type { Verdict } from './verdict.js';
import { isIn, type AwaitedState } from './wait-for-state.js';

/** What a matcher of Jest or Vitest answers. */
export interface MatcherAnswer {
  readonly pass: boolean;
  message(): string;
}

export type TestedState = AwaitedState | 'gone';

const STATES: readonly TestedState[] = [...FIND_STATES, 'gone'];

/** The matchers that `jobMatchers` adds, as a test calls them; all of them are awaited. */
export interface JobMatchers<Returned = unknown> {
  /** Of a `JobTesting`: a job waits for its run. See `JobTesting.expectScheduled`. */
  toHaveScheduled(name: string, data?: unknown, options?: ExpectedSchedule): Promise<Returned>;
  /** Of a `JobTesting`: a run has succeeded. */
  toHaveCompleted(name: string, data?: unknown, options?: ExpectedCount): Promise<Returned>;
  /** Of a `JobTesting`: a run has failed, whether the job runs again or not. */
  toHaveFailed(name: string, data?: unknown, options?: ExpectedCount): Promise<Returned>;
  /** Of a `JobTesting`: there is a dead letter. */
  toHaveDeadLetter(name: string, data?: unknown, options?: ExpectedCount): Promise<Returned>;
  /** Of a `Job`: its state in the store, as `find` knows them; `gone` is a job that is stored no longer. */
  toBeInState(state: TestedState): Promise<Returned>;
}

/**
 * Matchers for `expect.extend(jobMatchers)` of Jest and Vitest. They ask the store, so they are awaited.
 *
 * @example
 * expect.extend(jobMatchers);
 * await expect(jobs).toHaveScheduled('send-welcome', { userId: 'u1' }, { at: 'in 3 days' });
 * await expect(job).toBeInState('completed');
 */
export const jobMatchers = {
  async toHaveScheduled(
    jobs: unknown,
    name: string,
    data?: unknown,
    options?: ExpectedSchedule,
  ): Promise<MatcherAnswer> {
    return answer(await testing(jobs).expectations.scheduled(name, data, options));
  },

  async toHaveCompleted(
    jobs: unknown,
    name: string,
    data?: unknown,
    options?: ExpectedCount,
  ): Promise<MatcherAnswer> {
    return answer(testing(jobs).expectations.ran('completed', name, data, options));
  },

  async toHaveFailed(
    jobs: unknown,
    name: string,
    data?: unknown,
    options?: ExpectedCount,
  ): Promise<MatcherAnswer> {
    return answer(testing(jobs).expectations.ran('failed', name, data, options));
  },

  async toHaveDeadLetter(
    jobs: unknown,
    name: string,
    data?: unknown,
    options?: ExpectedCount,
  ): Promise<MatcherAnswer> {
    return answer(await testing(jobs).expectations.dead(name, data, options));
  },

  async toBeInState(job: unknown, state: TestedState): Promise<MatcherAnswer> {
    if (!(job instanceof Job)) throw new InvalidOptionError('received', job, 'a Job');
    if (!STATES.includes(state)) {
      throw new InvalidOptionError('state', state, `one of ${STATES.join(', ')}`);
    }
    const stored = await job.asStored();
    const is = stored ? stateOf(stored) : 'gone';
    const pass = stored && state !== 'gone' ? isIn(stored, state) : is === state;
    const about = `job ${job.id} ("${job.name}")`;
    return {
      pass,
      message: () =>
        pass
          ? `Expected ${about} not to be ${state}, but it is.`
          : `Expected ${about} to be ${state}, but it is ${is}.`,
    };
  },
};

const answer = ({ holds, found, missing }: Verdict): MatcherAnswer => ({
  pass: holds,
  message: () => (holds ? found : missing),
});

/** @throws InvalidOptionError */
function testing(jobs: unknown): JobTesting {
  if (jobs instanceof JobTesting) return jobs;
  throw new InvalidOptionError('received', jobs, 'the JobTesting of the application');
}
