import { type ContextId, ContextIdFactory, type ExternalContextCreator } from '@nestjs/core';
import type { RunFunction } from '../../core/handlers/job-function.js';
import type { Job } from '../../core/index.js';
import { Blame } from './blame.js';
import type { Enhancers } from './enhancers.js';
import { failureOf } from './handler-failure.js';
import type { HandlerMethod } from './handler-method.js';
import { type HandlerParameters, JOB_DATA, PARAMETERS_KEY } from './handler-parameters.js';
import { jobContextCreator } from './job-context-creator.js';

/** Guards, interceptors, pipes, the method; filters around all of them. Called with the data, the job, and a place for `done`. */
type NestCall = (...args: readonly unknown[]) => Promise<unknown>;

/** What is known of the handler's enhancers. */
interface Given {
  readonly enhancers: Enhancers;
  /** Whether there are any: the way through them costs, even if there is none. */
  readonly hasFilters: boolean;
}

const CONTEXT_TYPE = 'job';

/**
 * Calls the method through its enhancers.
 *
 * @throws InvalidHandlerError when this version of Nest is made otherwise
 */
export function enhancedCall(
  nest: ExternalContextCreator,
  handler: HandlerMethod,
  parameters: HandlerParameters,
  given: Given,
): RunFunction {
  const { takesDone } = parameters;
  const blame = new Blame();
  const { place } = handler;
  const { enhancers } = given;
  const creator = jobContextCreator(nest, { place, enhancers, takesDone, blame });
  parameters.complete();
  const callFor = callsOf(handler, creator, given);
  return async (job) => {
    try {
      const made = callFor(job);
      const call = typeof made === 'function' ? made : await made;
      return await (takesDone ? call(job.data, job, {}) : call(job.data, job));
    } catch (thrown) {
      throw failureOf(thrown, job.name, blame);
    }
  };
}

/** Of a singleton one call for all jobs; of other classes one for each attempt, whose own their guards may be. */
function callsOf(
  { host, method, methodName, scoped }: HandlerMethod,
  creator: ExternalContextCreator,
  { enhancers, hasFilters }: Given,
): (job: Job) => NestCall | Promise<NestCall> {
  const enhance = enhancers !== 'none';
  const callOn = (instance: object, contextId?: ContextId): NestCall =>
    creator.create(
      instance as Parameters<ExternalContextCreator['create']>[0],
      method as (...args: unknown[]) => unknown,
      methodName,
      PARAMETERS_KEY,
      JOB_DATA,
      contextId,
      scoped?.inquirerId,
      { guards: enhance, interceptors: enhance, filters: hasFilters },
      CONTEXT_TYPE,
    );
  if (!scoped) {
    const call = callOn(host);
    return () => call;
  }
  // So that what cannot be called is found now, and not by the first job.
  callOn(host, ContextIdFactory.create());
  return async (job) => {
    const { instance, contextId } = await scoped.make(job);
    return callOn(instance, contextId);
  };
}
