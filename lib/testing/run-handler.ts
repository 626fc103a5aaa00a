import type { Type } from '@nestjs/common';
import {
  checkKnownKeys,
  Engine,
  InvalidOptionError,
  MissingHandlerError,
  type Handler,
  type Job,
  type JobHeaders,
  type NewJob,
} from '../core/index.js';
import { checkVersion } from '../core/job/data-version.js';
import { encodeData } from '../core/job/job-data.js';
import { readHeaders } from '../core/job/job-headers.js';
import { checkText, newJobId, randomToken } from '../core/job/job-id.js';
import { nameOf, type JobName } from '../core/job/job-types.js';
import { wholeNumber } from '../core/options/checks.js';
import { waitFor } from '../core/worker/wait.js';
import { MemoryBackend, type ManualClock } from '../memory/index.js';
import { jobHandlerOf } from '../nest/decorators/job-handler.decorator.js';
import { DEFAULT_INSTANCE } from '../nest/tokens.js';
import { StillRunningError } from './errors.js';
import { RunLog, type JobRun } from './job-run.js';
import { timeoutOf, type StepOptions } from './stepper.js';

/*
 * One run of one handler, in a store of its own that is thrown away: with enhancers, middleware, validation and
 * the decision what becomes of the job, as in any run; but nothing of the run itself is stored where the
 * application keeps its jobs, and none of its listeners hears of it. What the handler adds through the
 * application's scheduler is added.
 */

export interface RunJobOptions extends StepOptions {
  /** Which attempt this is, 1 to 1000: those before it have failed. @default 1 */
  attempt?: number;
  /** @default a new one */
  id?: string;
  /** What the one who added the job gave along. */
  context?: JobHeaders;
  /** Which version of the handler's input the data is. @default the handler's own */
  version?: number;
}

/** The methods of a class, by name. */
export type MethodName<Host> = {
  [Key in keyof Host]: Host[Key] extends (...args: never[]) => unknown ? Key : never;
}[keyof Host] &
  string;

/** The data of a handler: that of the `Job` which is its first parameter, or the parameter itself (`@JobData()`). */
export type MethodData<Method> = Method extends (first: infer First, ...rest: never[]) => unknown
  ? First extends Job<infer Data>
    ? Data
    : First
  : unknown;

/** What a handler returns. */
export type MethodResult<Method> = Method extends (...args: never[]) => infer Result
  ? Awaited<Result>
  : unknown;

const KEYS = ['attempt', 'id', 'context', 'version', 'timeout'] as const;
const MOST_ATTEMPTS = 1000;
const EARLIER_FAILURE = { name: 'Error', message: 'An earlier attempt, as runJob() was told.' };
const LEASE_MS = 60_000;

/** The job name that a method handles, or that is given as it is. @throws InvalidOptionError */
export function jobNameOf(
  target: Type<object> | JobName,
  method: unknown,
  instance: string,
): string {
  if (typeof target !== 'function') return nameOf(target);
  const found = (target.prototype as Record<string, unknown>)[String(method)];
  const metadata = typeof found === 'function' ? jobHandlerOf(found) : undefined;
  if (!metadata) {
    throw new InvalidOptionError('runJob.method', method, `a @JobHandler method of ${target.name}`);
  }
  const { instance: own = DEFAULT_INSTANCE } = metadata.options;
  if (own === instance) return metadata.name;
  const expected = `a method for the instance "${instance}": ask the JobTesting of "${own}"`;
  throw new InvalidOptionError('runJob.method', `${target.name}.${String(method)}`, expected);
}

/**
 * @throws MissingHandlerError, InvalidJobError, InvalidOptionError
 * @throws StillRunningError
 */
export async function runHandler(
  { handlers, events }: Engine,
  clock: ManualClock,
  name: string,
  data: unknown,
  options: RunJobOptions = {},
): Promise<JobRun> {
  checkKnownKeys('runJob', options, KEYS);
  const timeoutMs = timeoutOf(options);
  const handler = handlers.get(name);
  if (!handler) throw new MissingHandlerError(name);
  const job = newJob(handler, data, options);
  const attempt = wholeNumber('runJob.attempt', options.attempt ?? 1, 1, MOST_ATTEMPTS);
  const engine = new Engine(
    new MemoryBackend({ clock }),
    { shutdown: { timeout: 0 } },
    { onUnheardError: (error) => events.reportError(error) },
  );
  try {
    engine.handlers.adopt(handler);
    await engine.parts.broker.enqueue([job]);
    for (let earlier = 1; earlier < attempt; earlier++) await failOnce(engine, job);
    return await runOnce(engine, clock, job, timeoutMs);
  } finally {
    await engine.close();
  }
}

function newJob({ name, plan }: Handler, data: unknown, options: RunJobOptions): NewJob {
  const { id = newJobId(), context } = options;
  checkText('id', id);
  const version = checkVersion('runJob.version', options.version ?? plan.version);
  return {
    id,
    name,
    data: encodeData(data),
    priority: plan.priority,
    due: { delayMs: 0 },
    ...(version > 1 && { version }),
    ...(context && { context: readHeaders('runJob.context', context) }),
  };
}

async function failOnce({ parts: { broker } }: Engine, { id }: NewJob): Promise<void> {
  const host = 'earlier-attempts';
  const claimed = await broker.claimOne({ id, claimId: randomToken(), host, leaseMs: LEASE_MS });
  if (!('job' in claimed)) throw new Error(`An earlier attempt was refused: ${claimed.refusal}`);
  const { lease } = claimed.job;
  const noMore = { claimId: randomToken(), host, leaseMs: LEASE_MS, slots: 0, names: [] };
  const failure = { ...EARLIER_FAILURE };
  await broker.settleAndClaim([{ kind: 'retry', lease, failure, due: { delayMs: 0 } }], noMore);
}

async function runOnce(
  engine: Engine,
  clock: ManualClock,
  { id, name }: NewJob,
  timeoutMs: number,
): Promise<JobRun> {
  const log = new RunLog(() => clock.now());
  log.listenTo(engine);
  let running: Job | undefined;
  engine.events.onHere('started', ({ job }) => (running = job));
  // How it ended, also where it was cancelled or lost, is in the log.
  const over = engine.workerHost.runNow(id, name).then(nothing, nothing);
  await waitFor(over, timeoutMs);
  const run = log.list().at(-1);
  if (run) return run;
  throw new StillRunningError(running ? [running] : [], timeoutMs);
}

const nothing = (): void => undefined;
