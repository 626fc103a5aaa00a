import type { JobInput, JobScheduler } from 'nestjs-agenda-redis';
import { remind, resize } from './names.js';

declare const scheduler: JobScheduler;
declare const inputs: JobInput[];
declare const users: readonly { id: string; name: string; options: number }[];

await scheduler.enqueueMany([
  { name: 'send-welcome', data: { userId: '7' } },
  { name: 'sweep', when: 'in 5 minutes', options: { priority: 'high' } },
  { name: resize, data: { width: 1 } },
  { name: remind, data: { at: '2027-01-01T00:00:00Z' } },
  { name: 'other', data: { anything: 1 } },
]);
await scheduler.enqueueMany(inputs, { chunkSize: 10 });
await scheduler.enqueueMany(users, {
  map: ({ id }) => ({ name: 'send-tips', data: { userId: id, tips: ['one'] } }),
});
await scheduler.enqueueMany(users, {
  map: async ({ id }) => ({ name: resize, data: { width: id.length } }),
});
await scheduler.enqueueMany(waiting('7'));

// @ts-expect-error -- data of another type
await scheduler.enqueueMany([{ name: 'send-welcome', data: { userId: 7 } }]);
// @ts-expect-error -- no data
await scheduler.enqueueMany([{ name: 'other' }, { name: 'send-welcome' }]);
// @ts-expect-error -- data of another type
await scheduler.enqueueMany([{ name: resize, data: { width: '1' } }]);
// @ts-expect-error -- data of another type
await scheduler.enqueueMany(waiting(7));
// @ts-expect-error -- data of another type
await scheduler.enqueueMany(users, { map: ({ id }) => ({ name: 'render', data: { page: id } }) });

// @ts-expect-error -- data of another type, of a function without parameters
await scheduler.enqueueMany(users, { map: () => ({ name: 'render', data: { page: '1' } }) });
// @ts-expect-error -- data of another type
await scheduler.enqueueMany([{ name: 'render', data: { page: '1' } }], { chunkSize: 5 });

async function* waiting<Id>(userId: Id) {
  yield { name: 'send-welcome' as const, data: { userId } };
}
