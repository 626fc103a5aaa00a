import type { Job, JobFunction } from '../../core/index.js';
import type { HandlerMethod, MethodHost } from './handler-method.js';
import { explained } from './handler-failure.js';
import { lastValue } from './last-value.js';

/** Calls the method by name, so that a spied or patched one is honoured. One of two parameters gets `done`. */
export function directCall({ host, method, methodName, scoped }: HandlerMethod): JobFunction {
  if (!scoped) {
    return method.length === 2
      ? (job, done) => host[methodName]!(job, done)
      : (job) => finished(host, methodName, job);
  }
  const hostOf = async (job: Job) => {
    const { instance } = await scoped.make(job);
    job.throwIfEnded();
    return instance as MethodHost;
  };
  return method.length === 2
    ? async (job, done) => (await hostOf(job))[methodName]!(job, done)
    : async (job) => finished(await hostOf(job), methodName, job);
}

/** Calls it, and gives what enhancers would give too: the last value of an observable, an exception's messages. */
function finished(host: MethodHost, methodName: string, job: Job): unknown {
  let returned: unknown;
  try {
    returned = host[methodName]!(job);
  } catch (thrown) {
    throw explained(thrown);
  }
  return returned instanceof Promise ? returned.then(lastValue, rethrown) : lastValue(returned);
}

function rethrown(thrown: unknown): never {
  throw explained(thrown);
}
