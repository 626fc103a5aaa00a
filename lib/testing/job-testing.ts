import type { Type } from '@nestjs/common';
import { durationOption } from '../core/duration.js';
import {
  checkKnownKeys,
  parseDate,
  type DateInput,
  type Duration,
  type Engine,
  type Job,
} from '../core/index.js';
import {
  nameOf,
  type DataOf,
  type InputOf,
  type JobName,
  type ResultOf,
} from '../core/job/job-types.js';
import type { Spelled, StoredData, Typed } from '../core/job/typed-names.js';
import { trueOrFalse } from '../core/options/checks.js';
import type { OnDemand } from '../core/worker/on-demand.js';
import type { ManualClock } from '../memory/index.js';
import type { InstanceHost } from '../nest/lifecycle/instance-host.js';
import { JobExpectationError, TestingNotReadyError } from './errors.js';
import { Expectations, type ExpectedCount, type ExpectedSchedule } from './expectations.js';
import { RunLog, type JobRun } from './job-run.js';
import {
  jobNameOf,
  runHandler,
  type MethodData,
  type MethodName,
  type MethodResult,
  type RunJobOptions,
} from './run-handler.js';
import { Stepper, timeoutOf, type StepOptions } from './stepper.js';
import { allJobs, byDue, isDeadLetter, waits } from './stored-jobs.js';
import type { Verdict } from './verdict.js';
import { waitForState, type AwaitedState } from './wait-for-state.js';

export interface RunAllOptions extends StepOptions {
  /**
   * Whether jobs run, too, that are added for the present meanwhile, and retries without a wait. With `false` each
   * job that is due at the call runs once, and no other.
   *
   * @default true
   */
  recursive?: boolean;
}

/** Part of the data of jobs of a name: of objects some properties, at any depth. */
export type PartialData<Name> = [Typed<Name>] extends [never]
  ? unknown
  : DeepPartial<InputOf<Typed<Name>>>;

type DeepPartial<Value> = Value extends readonly unknown[] | Date
  ? Value
  : Value extends object
    ? { [Key in keyof Value]?: DeepPartial<Value[Key]> }
    : Value;

/** What of the application a test works with. */
export interface TestedApplication {
  readonly engine: Engine;
  readonly host: InstanceHost;
}

/**
 * The jobs of an application in the hands of its test. Time stands still, and nothing runs, until the test says so;
 * then it runs as ever: through the worker host with its limits, enhancers, middleware, validation and retries.
 *
 * @example
 * const jobs = app.get(JobTesting);
 * await app.get(SignUp).register('u1');
 * await jobs.expectScheduled('send-welcome', { userId: 'u1' }, { at: 'in 3 days' });
 * await jobs.advance('3 days');
 */
export class JobTesting {
  private readonly log: RunLog;
  private open: { readonly demand: OnDemand; readonly stepper: Stepper } | undefined;

  /** @internal made by `AgendaRedisTestingModule` */
  constructor(
    /** The only clock of the store. Moving it by hand runs nothing: `advance` does both. */
    readonly clock: ManualClock,
    private readonly instance: string,
    private readonly application: () => TestedApplication,
  ) {
    this.log = new RunLog(() => clock.now());
  }

  // ── running ──────────────────────────────────────────────────────────────────────────────────

  /**
   * Runs what is due now, and what that adds for now, until nothing is due. @returns what ran, in the order of its
   * ends
   *
   * @throws EndlessJobsError after 5,000 runs
   * @throws StillRunningError when handlers do not end
   */
  async runAll(options: RunAllOptions = {}): Promise<JobRun[]> {
    checkKnownKeys('runAll', options, ['recursive', 'timeout']);
    const recursive = trueOrFalse('recursive', options.recursive ?? true);
    return this.ready().stepper.runAll(recursive, timeoutOf(options));
  }

  /**
   * Lets time pass: runs what is due now, and then whatever becomes due on the way, each at its own instant, in
   * order. In an application that only adds jobs (`worker: false`) nothing runs. @returns what ran
   *
   * @throws EndlessJobsError after 5,000 runs at one instant
   * @throws StillRunningError when handlers do not end
   */
  async advance(duration: Duration, options: StepOptions = {}): Promise<JobRun[]> {
    return this.pass(
      () => this.clock.now() + durationOption('duration', duration, { min: 0 }),
      options,
    );
  }

  /** The same up to an instant, which may be a text such as `'tomorrow at 9am'`. @throws InvalidOptionError for the past */
  async advanceTo(date: DateInput, options: StepOptions = {}): Promise<JobRun[]> {
    return this.pass(() => parseDate(date, { now: this.clock.now() }), options);
  }

  /**
   * Calls one handler with a job of its own, as any attempt would: enhancers, middleware, schema, and what becomes of
   * the job. That job is stored nowhere, and no listener hears of it; what the handler adds is added. Limits do
   * not apply.
   *
   * @example
   * const run = await jobs.runJob(MailJobs, 'sendWelcome', { userId: 'u1' }, { attempt: 2 });
   * expect(run).toMatchObject({ outcome: 'completed', result: 'sent' });
   *
   * @throws MissingHandlerError, InvalidJobError, InvalidOptionError
   * @throws StillRunningError when the handler does not end; its signal fires
   */
  runJob<Host extends object, Method extends MethodName<Host>>(
    host: Type<Host>,
    method: Method,
    data?: MethodData<Host[Method]>,
    options?: RunJobOptions,
  ): Promise<JobRun<MethodData<Host[Method]>, MethodResult<Host[Method]>>>;
  runJob<Data = unknown, Name extends JobName = string>(
    name: Spelled<Name>,
    data?: StoredData<Name, Data>,
    options?: RunJobOptions,
  ): Promise<JobRun<DataOf<Name>, ResultOf<Name>>>;
  async runJob(target: Type<object> | JobName, ...rest: unknown[]): Promise<JobRun> {
    const name = jobNameOf(target, rest[0], this.instance);
    const [data, options] = typeof target === 'function' ? rest.slice(1) : rest;
    this.opened();
    const { engine } = this.application();
    return runHandler(engine, this.clock, name, data, options as RunJobOptions | undefined);
  }

  /** From now on what is due runs by itself, as in production, until {@link hold}. Time still stands still. */
  start(): void {
    this.ready().demand.letGo();
  }

  /** Nothing runs by itself any more. */
  hold(): void {
    this.opened().demand.hold();
  }

  /**
   * Waits, in real time, until a job is in a state, whoever runs it: a step that is not awaited, or the application
   * after {@link start}. @returns the job as it then is; `undefined` when it was removed at its end
   *
   * @param timeout - in real time. @default '4 seconds'
   * @throws JobExpectationError when the time is over
   */
  async waitFor(
    job: Job | string,
    state: AwaitedState,
    options: StepOptions = {},
  ): Promise<Job | undefined> {
    checkKnownKeys('waitFor', options, ['timeout']);
    const id = typeof job === 'string' ? job : job.id;
    return waitForState(this.scheduler, this.log, id, state, timeoutOf(options));
  }

  // ── looking ──────────────────────────────────────────────────────────────────────────────────

  /** What has run since the start, or since {@link clear} or {@link clearRuns}, in the order of its ends. */
  runs<Name extends JobName = string>(name?: Spelled<Name>): JobRun[] {
    return this.log.list(name === undefined ? undefined : nameOf(name as JobName));
  }

  /** The runs that have succeeded: also those of recurring jobs, and of jobs that are removed at their end. */
  completed<Name extends JobName = string>(name?: Spelled<Name>): JobRun[] {
    return this.runs(name).filter(({ outcome }) => outcome === 'completed');
  }

  /** The jobs that wait for a run: planned, due, recurring, or waiting for their retry; the first due first. */
  async scheduled<Name extends JobName = string>(name?: Spelled<Name>): Promise<Job[]> {
    return (await this.stored(name)).filter(waits).toSorted(byDue);
  }

  /** The dead letters: jobs that have failed and do not run again. */
  async dead<Name extends JobName = string>(name?: Spelled<Name>): Promise<Job[]> {
    return (await this.stored(name)).filter(isDeadLetter);
  }

  /** Forgets what has run so far. Jobs stay as they are. */
  clearRuns(): void {
    this.log.clear();
  }

  // ── expecting ────────────────────────────────────────────────────────────────────────────────

  /**
   * Expects that a job waits for its run (see {@link scheduled}) whose data has these parts.
   *
   * @throws JobExpectationError telling what is scheduled instead
   */
  async expectScheduled<Name extends JobName = string>(
    name: Spelled<Name>,
    data?: PartialData<Name>,
    options?: ExpectedSchedule,
  ): Promise<void> {
    expectIt(await this.expectations.scheduled(nameOf(name as JobName), data, options));
  }

  /** Expects that no such job waits. @throws JobExpectationError */
  async expectNotScheduled<Name extends JobName = string>(
    name: Spelled<Name>,
    data?: PartialData<Name>,
    options?: Omit<ExpectedSchedule, 'count'>,
  ): Promise<void> {
    refuseIt(await this.expectations.scheduled(nameOf(name as JobName), data, options));
  }

  /** Expects a run that has succeeded. @throws JobExpectationError */
  async expectCompleted<Name extends JobName = string>(
    name: Spelled<Name>,
    data?: PartialData<Name>,
    options?: ExpectedCount,
  ): Promise<void> {
    expectIt(this.expectations.ran('completed', nameOf(name as JobName), data, options));
  }

  /** Expects a run that has failed, whether the job runs again or not. @throws JobExpectationError */
  async expectFailed<Name extends JobName = string>(
    name: Spelled<Name>,
    data?: PartialData<Name>,
    options?: ExpectedCount,
  ): Promise<void> {
    expectIt(this.expectations.ran('failed', nameOf(name as JobName), data, options));
  }

  /** Expects a dead letter. @throws JobExpectationError */
  async expectDead<Name extends JobName = string>(
    name: Spelled<Name>,
    data?: PartialData<Name>,
    options?: ExpectedCount,
  ): Promise<void> {
    expectIt(await this.expectations.dead(nameOf(name as JobName), data, options));
  }

  /**
   * Makes room for the next test: removes every job, takes back pauses, forgets what has run, and stores the rules of
   * `@Every` anew. The clock stays where it is, and so do limits per time.
   */
  async clear(): Promise<void> {
    await this.opened().stepper.idle();
    const { engine, host } = this.application();
    await engine.scheduler.settled();
    const ids = (await this.stored()).map(({ id }) => id);
    if (ids.length > 0) await engine.parts.repository.removeJobs({ ids });
    await engine.scheduler.resume();
    const { names } = await engine.scheduler.pauses();
    for (const name of Object.keys(names)) await engine.scheduler.resume(name);
    this.log.clear();
    await host.declareRules();
  }

  /** @internal for matchers */
  get expectations(): Expectations {
    return new Expectations(this.application().engine, this.log, () => this.clock.now());
  }

  // ── the application ──────────────────────────────────────────────────────────────────────────

  /** @internal it opens its store, and its worker is not started yet */
  opens(): void {
    const { engine } = this.application();
    const demand = engine.workerHost.hold();
    if (!this.open) this.log.listenTo(engine);
    this.open = { demand, stepper: new Stepper(engine, demand, this.clock, this.log) };
  }

  /** @internal */
  closed(): void {
    this.open?.stepper.close();
    this.open = undefined;
  }

  /** @throws TestingNotReadyError */
  private opened(): NonNullable<JobTesting['open']> {
    if (this.open) return this.open;
    throw new TestingNotReadyError(
      'The application is not started, or closed',
      'call `await app.init()` first',
    );
  }

  /** @throws TestingNotReadyError */
  private ready(): NonNullable<JobTesting['open']> {
    const open = this.opened();
    if (this.application().engine.workerHost.status().onlyAdds) {
      throw new TestingNotReadyError(
        'This application only adds jobs (`worker: false`), so nothing can run',
        'let it work, or test what is scheduled',
      );
    }
    return open;
  }

  private async pass(target: () => number, options: StepOptions): Promise<JobRun[]> {
    checkKnownKeys('advance', options, ['timeout']);
    const timeoutMs = timeoutOf(options);
    return this.opened().stepper.advanceTo(target, timeoutMs);
  }

  private get scheduler(): Engine['scheduler'] {
    return this.application().engine.scheduler;
  }

  private stored<Name extends JobName = string>(name?: Spelled<Name>): Promise<Job[]> {
    return allJobs(this.scheduler, name === undefined ? undefined : nameOf(name as JobName));
  }
}

function expectIt({ holds, missing }: Verdict): void {
  if (!holds) throw new JobExpectationError(missing);
}

function refuseIt({ holds, found }: Verdict): void {
  if (holds) throw new JobExpectationError(found);
}
