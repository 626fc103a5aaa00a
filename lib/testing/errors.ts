import { AgendaError, type Job } from '../core/index.js';

/** What a test expected of the jobs is not so; the message tells how it is instead. */
export class JobExpectationError extends AgendaError {}

/** Jobs ran and ran without an end, at one instant: most likely one adds itself anew for the present. */
export class EndlessJobsError extends AgendaError {
  /**
   * @param runs - so many ran before it was given up
   * @param at - the instant
   * @param names - of the last jobs that ran
   */
  constructor(
    readonly runs: number,
    readonly at: Date,
    readonly names: readonly string[],
  ) {
    super(
      `${runs} jobs ran at ${at.toISOString()}, and more are due: it seems that this never ends. The last were of ` +
        `${names.map((name) => `"${name}"`).join(', ')}: does a handler add a job anew that is due at once? ` +
        'Use runAll({ recursive: false }) to run what is due now, however much it is, and nothing that comes of it.',
    );
  }
}

/** Handlers go on for longer than the test waits for them. */
export class StillRunningError extends AgendaError {
  constructor(
    readonly jobs: readonly Job[],
    readonly timeoutMs: number,
  ) {
    const list = jobs.map(({ name, id }) => `"${name}" (${id})`).join(', ') || 'none that is known';
    super(
      `Nothing has ended for ${timeoutMs} ms of real time. Still running: ${list}. ` +
        'What does the handler wait for? Time passes only by advance(); for slow handlers give a longer `timeout`.',
    );
  }
}

/** The application is not there to run jobs: not started yet, closed, or made only to add jobs. */
export class TestingNotReadyError extends AgendaError {
  constructor(problem: string, remedy: string) {
    super(`${problem}: ${remedy}.`);
  }
}
