import { InvalidDataError } from '../errors.js';
import type { Job } from '../job/job.js';
import { errorOf, isNonRetryable, messageOf } from '../job/thrown.js';
import { checkData } from './data-schema.js';
import type { HandlerPlan } from './handler-plan.js';
import type { RunFunction } from './job-function.js';

/*
 * What happens to the data of a job before its handler sees it: it is brought to the version of the handler, step by
 * step, then checked and transformed by the schema. What is stored stays as it is.
 *
 * Data of a newer version belongs to a process with newer code: it is put off until one takes it up. So every handler
 * looks at the version, also one that says nothing of versions itself: it may be the older one.
 */

const NEWER_DATA_WAIT = '30 seconds';

type Warn = (code: string, message: string, about: string) => void;

export function withCheckedData(
  name: string,
  run: RunFunction,
  plan: HandlerPlan,
  warn: Warn,
): RunFunction {
  const { schema, version } = plan;
  let isTold = false;
  const putOff = (job: Job): unknown => {
    if (!isTold) warn('newer-data', newerDataMessage(job, version), name);
    isTold = true;
    return job.snooze(NEWER_DATA_WAIT);
  };
  if (!schema && version === 1) {
    return (job) => (job.dataVersion > 1 ? putOff(job) : run(job));
  }
  const runWith = (job: Job, data: unknown): unknown => {
    job.present(data);
    return run(job);
  };
  const runChecked = (job: Job, data: unknown): unknown => {
    if (!schema) return runWith(job, data);
    const checked = checkData(name, schema, data);
    return checked instanceof Promise
      ? stillWanted(job, checked).then((output) => runWith(job, output))
      : runWith(job, checked);
  };
  return (job) => {
    const { dataVersion } = job;
    if (dataVersion > version) return putOff(job);
    if (dataVersion === version) return runChecked(job, asCopy(job.data));
    return stillWanted(job, upcasted(job, plan)).then((data) => runChecked(job, data));
  };
}

/** Steps, schemas and handlers may write into what they are given: what `attrs` tell, and a save stores, must not change by it. */
const asCopy = (data: unknown): unknown =>
  typeof data === 'object' && data !== null ? (JSON.parse(JSON.stringify(data)) as unknown) : data;

/** A handler that was asked to end while its data was looked at is not called any more. */
async function stillWanted<T>(job: Job, work: Promise<T>): Promise<T> {
  const done = await work;
  job.throwIfEnded();
  return done;
}

/** @throws InvalidDataError when there is no way to the version of the handler; what a step throws otherwise */
async function upcasted(job: Job, { version, upcast = {} }: HandlerPlan): Promise<unknown> {
  let data = asCopy(job.data);
  for (let from = job.dataVersion; from < version; from++) {
    const step = upcast[from];
    if (!step) {
      const message = `it is of version ${job.dataVersion}, and no \`upcast\` leads from ${from} to ${version}`;
      throw new InvalidDataError(job.name, [{ path: '', message }]);
    }
    try {
      data = await step(data);
    } catch (thrown) {
      throw stepError(job.name, from, thrown);
    }
  }
  return data;
}

/** What a step says is beyond repair is no data for the handler; any other error may pass. */
function stepError(name: string, from: number, thrown: unknown): unknown {
  if (!isNonRetryable(thrown)) return thrown;
  const cause = errorOf(thrown);
  const message = `\`upcast\` from version ${from} gave up: ${messageOf(cause)}`;
  return new InvalidDataError(name, [{ path: '', message }], { cause });
}

function newerDataMessage({ name, id, dataVersion }: Job, version: number): string {
  return (
    `The data of job "${name}" ${id} is of version ${dataVersion}, and this process knows versions up to ${version}. ` +
    'Such jobs are put off for 30 seconds at a time until a process with newer code takes them up.'
  );
}
