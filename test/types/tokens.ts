import { defineJob, type JobScheduler, type JobToken } from 'nestjs-agenda-redis';
import * as v from 'valibot';
import { z } from 'zod';
import { expectType } from './expect.js';

declare const scheduler: JobScheduler;

const schema = v.object({ at: v.pipe(v.string(), v.toDate()) });

expectType<JobToken>()(defineJob('plain'));
expectType<JobToken<{ n: number }>>()(defineJob<{ n: number }>('typed'));
expectType<JobToken<{ n: number }, string>>()(defineJob<{ n: number }, string>('typed'));
expectType<JobToken<{ at: Date }, unknown, { at: string }>>()(defineJob('dated', { schema }));
expectType<JobToken<{ at: Date }, string, { at: string }>>()(
  defineJob<{ at: Date }, string, { at: string }>('dated', { schema }),
);
expectType<JobToken<{ n: number }, unknown, { n?: number | undefined }>>()(
  defineJob('counted', { schema: z.object({ n: z.number().default(1) }) }),
);

defineJob<{ n: number }>('keyed', {
  key: (data) => expectType<{ n: number }>()(data) as undefined,
});
await scheduler.now(defineJob('free'), { whatever: 1 });
await scheduler.now(defineJob('free'));

// @ts-expect-error -- the schema is of other data
defineJob<{ n: number }>('dated', { schema });
// @ts-expect-error -- an option that belongs to the handler
defineJob('plain', { attempts: 3 });
