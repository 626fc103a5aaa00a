import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench } from '../engine/support.js';
import { standStill } from './support.js';

afterEach(closeBenches);

it('is 1, and the context empty, of a job to which nobody gave anything', async () => {
  const { engine } = await standStill();
  const job = await engine.scheduler.now('mail');

  for (const one of [job, (await engine.scheduler.get(job.id))!]) {
    expect(one.dataVersion).toBe(1);
    expect(one.context).toEqual({});
    expect(one.toJSON()).toMatchObject({ dataVersion: 1, context: {} });
  }
});

it('is told of a stored job, as its context is, which nobody can change', async () => {
  const { engine } = await standStill({ handlers: { mail: { version: 3 } } });
  const { id } = await engine.scheduler.now('mail', {}, { context: { tenant: 'acme' } });

  const job = (await engine.scheduler.get(id))!;

  expect(job.toJSON()).toMatchObject({ dataVersion: 3, context: { tenant: 'acme' } });
  expect(job.context).toEqual({ tenant: 'acme' });
  expect(Object.isFrozen(job.context)).toBe(true);
});

describe('a save', () => {
  it('keeps the version of data that it does not change, and gives its own to what it does', async () => {
    const backend = new MemoryBackend();
    const older = await makeBench({ handlers: { mail: { version: 2 } } }, backend);
    const newer = await makeBench({ handlers: { mail: { version: 3 } } }, backend);
    const first = await older.engine.scheduler.create('mail', { to: 'ann' }).save();
    expect(first.dataVersion).toBe(2);
    const job = (await newer.engine.scheduler.get(first.id))!;

    await job.priority('high').save();
    expect(job.dataVersion).toBe(2);
    expect((await newer.engine.scheduler.get(first.id))!.dataVersion).toBe(2);

    job.attrs.data = { to: 'bob' };
    await job.save();
    expect(job.dataVersion).toBe(3);
    expect((await newer.engine.scheduler.get(first.id))!.dataVersion).toBe(3);
  });

  it('of a recurring job writes the version of whoever says its rule last', async () => {
    const backend = new MemoryBackend();
    const older = await makeBench({ handlers: { mail: { version: 2 } } }, backend);
    const newer = await makeBench({ handlers: { mail: { version: 3 } } }, backend);
    const rule = await older.engine.scheduler.every('1 hour', 'mail', { to: 'ann' });
    expect(rule.dataVersion).toBe(2);

    expect((await newer.engine.scheduler.every('1 hour', 'mail', { to: 'ann' })).dataVersion).toBe(
      3,
    );
  });
});
