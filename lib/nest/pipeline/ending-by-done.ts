import { asRunFunction, type Done } from '../../core/handlers/job-function.js';
import type { Job } from '../../core/index.js';

/** Where the method finds the `done` of its call. */
export interface DonePlace {
  done: Done;
}

/** What a call of such a method is made with. */
type DoneArguments = readonly [data: unknown, job: Job, place: DonePlace];

/** Nest's part that runs the interceptors, and at last the method. */
export interface InterceptorsConsumer {
  intercept(
    interceptors: unknown,
    args: DoneArguments,
    host: unknown,
    method: unknown,
    next: () => Promise<unknown>,
    type: unknown,
  ): Promise<unknown>;
}

/** The same for methods that end by calling `done`: to interceptors and filters too. */
export function endingByDone(consumer: InterceptorsConsumer): InterceptorsConsumer {
  return {
    intercept: (interceptors, args, host, method, next, type) => {
      const [, job, place] = args;
      const untilDone = asRunFunction((_job, done) => {
        place.done = done;
        return next();
      });
      const nextUntilDone = async () => untilDone(job);
      return consumer.intercept(interceptors, args, host, method, nextUntilDone, type);
    },
  };
}
