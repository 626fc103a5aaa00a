import type { EngineOptions, Job, JobScheduler } from 'nestjs-agenda-redis';
import { expectType } from './expect.js';
import { resize, type Welcome } from './names.js';

declare const scheduler: JobScheduler;

expectType<readonly Job<Welcome>[]>()((await scheduler.find({ name: 'send-welcome' })).jobs);
expectType<readonly Job<{ width: number }, { bytes: number }>[]>()(
  (await scheduler.find({ name: resize, state: 'dead' })).jobs,
);
expectType<readonly Job[]>()((await scheduler.find({ tags: ['eu'] })).jobs);
expectType<readonly Job<{ n: number }>[]>()(
  (await scheduler.find<{ n: number }>({ name: 'other' })).jobs,
);
expectType<Job<Welcome>[]>()((await scheduler.queryJobs({ name: 'send-welcome' })).jobs);
expectType<Job<{ n: number }>[]>()((await scheduler.queryJobs<{ n: number }>()).jobs);

await scheduler.cancel({ names: [resize, 'send-welcome', 'other'] });
await scheduler.disable({ name: resize });
await scheduler.enable({ notNames: [resize] });
await scheduler.promote({ name: resize });
await scheduler.requeue({ name: resize, reason: 'attempts' as never });
await scheduler.clean({ state: 'failed', olderThan: '1 day', limit: 10, names: [resize] });
await scheduler.clear(resize);
await scheduler.obliterate(resize, { confirm: resize.name });
await scheduler.pause(resize, { reason: 'upkeep' });
await scheduler.resume(resize);
await scheduler.isPaused(resize);
await scheduler.limits(resize).get();
await scheduler.metrics({ names: [resize] });
scheduler.on(`failed:${resize.name}`, ({ error }) => expectType<Error>()(error));
expectType<number>()((await scheduler.counts(resize)).dead);

export const options: EngineOptions = { worker: { only: [resize, 'send-welcome'] } };
