import { Job, JobHandler, type HandlerRegistry, type JobScheduler } from 'nestjs-agenda-redis';
import { resize } from './names.js';

/* The usual mistakes, and what the compiler says of them: `test/core/job/type-errors.spec.ts` compares. */

declare const scheduler: JobScheduler;
declare const handlers: HandlerRegistry;

// @ts-expect-error -- Type 'number' is not assignable to type 'string'.
await scheduler.now('send-welcome', { userId: 7 });
// @ts-expect-error -- 'nota' does not exist in type 'Welcome'.
await scheduler.now('send-welcome', { userId: '7', nota: 'x' });
// @ts-expect-error -- Expected 2-3 arguments, but got 1.
await scheduler.now('send-welcome');
// @ts-expect-error -- Property 'userId' is missing in type '{ note: string; }' but required in type 'Welcome'.
await scheduler.schedule('in 5 minutes', 'send-welcome', { note: 'x' });
// @ts-expect-error -- Expected 3-4 arguments, but got 2.
await scheduler.every('1 hour', resize);
// @ts-expect-error -- Type 'string' is not assignable to type 'number'.
await scheduler.runAndWait(resize, { width: '100' });
// @ts-expect-error -- Type 'number' is not assignable to type 'string'.
await scheduler.enqueueMany([{ name: 'send-welcome', data: { userId: 7 } }]);
// @ts-expect-error -- Property 'page' is missing in type 'Welcome' but required in type '{ page: number; }'.
handlers.define('send-welcome', (job: Job<{ page: number }>) => job.data.page);
// @ts-expect-error -- Type '{ width: number; }' is not assignable to type 'JobVerdict | { bytes: number; } | PromiseLike<JobVerdict | { bytes: number; }>'.
handlers.define(resize, (job) => ({ width: job.data.width }));

export class Handlers {
  // @ts-expect-error -- to parameter of type 'Misfit<"The Job has other data than jobs of this name", Welcome>'.
  @JobHandler('send-welcome')
  otherData(_job: Job<{ page: number }>): void {}

  // @ts-expect-error -- to parameter of type 'Misfit<"The method returns something else than the result of this name", { url: string; }>'.
  @JobHandler('render')
  otherResult(_job: Job<{ page: number }>): { uri: string } {
    return { uri: '/' };
  }
}
