/* oxlint-disable jest/no-standalone-expect -- each trial is run by a test of its row */
import type { Job } from '../../../lib/core/index.js';
import { until } from '../../core/engine/support.js';
import { evaluate } from '../support/guide.js';
import { data, stage, type Trial } from './stage.js';

/** Listens by this code while a job is run. */
const hears =
  (handle: (job: Job) => unknown = () => 'sent', fits: (seen: unknown[]) => boolean = () => true) =>
  async (here: string) => {
    const { scope, scheduler, seen, start } = await stage(handle);
    await evaluate(here, scope);
    await start();
    const { id } = await scheduler.now('email', data);
    await until(() => seen.length > 0);
    const [facts] = seen as [unknown[]];
    expect(facts[0]).toMatchObject({ id });
    expect(fits(facts)).toBe(true);
  };

export const events: Record<string, Trial> = {
  "`worker.on('completed', (job, result) => …)`": hears(
    undefined,
    ([, result]) => result === 'sent',
  ),
  "`worker.on('failed', (job, error) => …)`": hears(
    () => Promise.reject(new Error('no')),
    ([, error]) => (error as Error).message === 'no',
  ),
  "`worker.on('stalled', (id) => …)`": async (here) => {
    const { engine, scope, scheduler, seen, start } = await stage();
    await evaluate(here, scope);
    const { id } = await scheduler.now('email');
    const claim = { claimId: '0'.repeat(32), host: 'lost', leaseMs: 100, slots: 1 };
    const names = [{ name: 'email', slots: 1 }];
    await engine.parts.broker.settleAndClaim([], { ...claim, names });
    await start();
    await until(() => seen.length > 0);
    expect(seen).toEqual([[id]]);
  },
  "`queueEvents.on('completed', …)`": hears(),
  "`queueEvents.on('progress', …)`": hears((job) => job.progress(50)),
  '`await job.waitUntilFinished(queueEvents, 5000)`': async (here) => {
    const { scope, scheduler, start } = await stage();
    await start();
    const { id } = await scheduler.now('email');
    expect(await evaluate(here, { ...scope, id })).toBe('sent');
    expect(await evaluate(here, { ...scope, id })).toBe('sent');
  },
  'reading the stream of a queue from an id': async (here) => {
    const { scope, scheduler } = await stage(undefined, {}, { events: { durable: true } });
    const { id } = await scheduler.now('email');
    const first: unknown[] = [];
    await evaluate(here, { ...scope, seen: (event: unknown) => first.push(event) });
    expect(first).toMatchObject([{ id, name: 'email' }]);
  },
};
