import { Job, type JobScheduler } from 'nestjs-agenda-redis';
import { expectType } from './expect.js';
import { remind, resize, type Welcome } from './names.js';

declare const scheduler: JobScheduler;
declare const someName: string;
declare const eitherName: 'send-welcome' | 'send-tips';

/* A name that is declared. */

expectType<Job<Welcome>>()(await scheduler.now('send-welcome', { userId: '7' }));
expectType<Job<Welcome>>()(await scheduler.now('send-welcome', { userId: '7' }, { delay: '5m' }));
expectType<Job<Welcome>>()(
  await scheduler.schedule('in 5 minutes', 'send-welcome', { userId: '7' }),
);
expectType<Job<Welcome>>()(await scheduler.every('1 hour', 'send-welcome', { userId: '7' }));
expectType<Job<Welcome>>()(scheduler.create('send-welcome', { userId: '7' }));
expectType<Job<Welcome>>()(
  await scheduler.nowDebounced('send-welcome', { userId: '7' }, { 'data.userId': '7' }, '5s'),
);
expectType<Job<{ page: number }, { url: string }>>()(await scheduler.now('render', { page: 7 }));
expectType<Job<boolean>>()(await scheduler.now('switch', true));
expectType<Job<{ before: string }>>()(await scheduler.now('archive', { before: '2027' }));

// @ts-expect-error -- data of another type
await scheduler.now('send-welcome', { userId: 7 });
// @ts-expect-error -- something that the data does not have
await scheduler.now('send-welcome', { userId: '7', nota: 'x' });
// @ts-expect-error -- no data
await scheduler.now('send-welcome');
// @ts-expect-error -- no data
await scheduler.now('send-welcome', undefined, { delay: '5m' });
// @ts-expect-error -- an option that does not exist
await scheduler.now('send-welcome', { userId: '7' }, { delai: '5m' });
// @ts-expect-error -- data of another type
await scheduler.schedule('in 5 minutes', 'send-welcome', { userId: 7 });
// @ts-expect-error -- no data
await scheduler.schedule('in 5 minutes', 'send-welcome');
// @ts-expect-error -- data of another type
await scheduler.every('1 hour', 'send-welcome', { userId: 7 });
// @ts-expect-error -- data of another type
scheduler.create('send-welcome', { userId: 7 });
// @ts-expect-error -- no data
scheduler.create('send-welcome');
// @ts-expect-error -- data of another type
await scheduler.nowDebounced('send-welcome', { userId: 7 }, { 'data.userId': 7 }, '5s');

/* A name that is declared to have no data. */

expectType<Job<undefined>>()(await scheduler.now('sweep'));
expectType<Job<undefined>>()(await scheduler.now('sweep', undefined, { priority: 'high' }));
// @ts-expect-error -- data all the same
await scheduler.now('sweep', { all: true });

/* Several names with the same data. */

expectType<Job<Welcome | { userId: string; tips: string[] }>[]>()(
  await scheduler.schedule('in 5 minutes', ['send-welcome', 'send-tips'], {
    userId: '7',
    tips: [],
  }),
);
expectType<Job<Welcome> | Job<{ userId: string; tips: string[] }>>()(
  await scheduler.now(eitherName, { userId: '7', tips: [] }),
);
// @ts-expect-error -- it fits the one name, and not the other
await scheduler.every('1 hour', ['send-welcome', 'send-tips'], { userId: '7' });
// @ts-expect-error -- it fits the one name, and not the other
await scheduler.now(eitherName, { userId: '7' });

/* A token. */

expectType<Job<{ width: number }, { bytes: number }>>()(
  await scheduler.now(resize, { width: 100 }),
);
expectType<Job<{ width: number }, { bytes: number }>>()(scheduler.create(resize, { width: 100 }));
expectType<Job<{ width: number }, { bytes: number }>[]>()(
  await scheduler.schedule('in 5 minutes', [resize], { width: 100 }),
);
// What is added is the schema's input; it is stored as it was given.
expectType<Job<{ at: string }>>()(await scheduler.now(remind, { at: '2027-01-01T00:00:00Z' }));
// @ts-expect-error -- data of another type
await scheduler.now(resize, { width: '100' });
// @ts-expect-error -- no data
await scheduler.every('1 hour', resize);
// @ts-expect-error -- the schema's output
await scheduler.now(remind, { at: new Date() });

/* A name that nobody declared. */

expectType<Job<{ anything: number }>>()(await scheduler.now('other', { anything: 1 }));
expectType<Job>()(await scheduler.now('other'));
expectType<Job<undefined>>()(await scheduler.now('other', undefined, { delay: '5m' }));
expectType<Job<number>>()(await scheduler.now(someName, 7));
expectType<Job<number>>()(await scheduler.now<number>('other', 7));
expectType<Job<number>>()(await scheduler.now<number>('other'));
expectType<Job<number>>()(await scheduler.schedule<number>('in 5 minutes', 'other', 7));
expectType<Job<number>>()(await scheduler.every<number>('1 hour', 'other', 7));
expectType<Job<number>>()(scheduler.create<number>('other', 7));
expectType<Job<number>[]>()(await scheduler.schedule('in 5 minutes', ['one', 'two'], 7));
// @ts-expect-error -- an option that does not exist
await scheduler.now('other', 7, { delai: '5m' });
