import type { JobScheduler } from 'nestjs-agenda-redis';
import { expectType } from './expect.js';
import { resize } from './names.js';

declare const scheduler: JobScheduler;

expectType<{ url: string }>()(await scheduler.runAndWait('render', { page: 7 }));
expectType<{ url: string }>()(await scheduler.runAndWait('render', { page: 7 }, { wait: {} }));
expectType<{ bytes: number }>()(await scheduler.runAndWait(resize, { width: 100 }));
expectType<number>()(await scheduler.runAndWait('count', 'whatever'));
expectType<unknown>()(await scheduler.runAndWait('send-welcome', { userId: '7' }));
expectType<unknown>()(await scheduler.runAndWait('other', 7));
expectType<string>()(await scheduler.runAndWait<string>('other', 7));
expectType<string>()(await scheduler.runAndWait<string, number>('other', 7));
// @ts-expect-error -- data of another type
await scheduler.runAndWait('render', { page: '7' });
// @ts-expect-error -- another result than that of the name
const another: number = await scheduler.runAndWait('render', { page: 7 });

const render = await scheduler.now('render', { page: 7 });
expectType<{ url: string }>()(await scheduler.waitFor(render));
expectType<{ url: string } | undefined>()(render.result);
expectType<{ bytes: number }>()(await scheduler.waitFor(await scheduler.now(resize, { width: 1 })));
expectType<unknown>()(await scheduler.waitFor('some-id'));
expectType<unknown>()(await scheduler.waitFor(await scheduler.now('other', 7)));
expectType<{ id: string }>()(await scheduler.waitFor<{ id: string }>('some-id'));
expectType<{ id: string }>()(
  await scheduler.waitFor<{ id: string }>(await scheduler.now('other', 7)),
);

/** A function of the application that says the type itself. */
export const asked = <Result>(name: string): Promise<Result> => scheduler.runAndWait<Result>(name);
export default another;
