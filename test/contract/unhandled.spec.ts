import { UNHANDLED_LIMIT, type JobBroker } from '../../lib/core/contracts/job-broker.js';
import { describeBackends, START } from './support/backends.js';
import { add, claim } from './support/builders.js';

/** A pass to its end: the names it tells, and in which of its calls. */
async function unhandledIn(broker: JobBroker): Promise<readonly string[] | undefined> {
  for (let cursor = ''; ;) {
    const { next, unhandled } = await broker.prune!(cursor);
    if (next === null) return unhandled;
    cursor = next;
  }
}

const register = (broker: JobBroker, name: string) => broker.register([{ name, maxRescues: 2 }]);

describeBackends('a name without a handler', (open) => {
  it('is told by each pass from the millisecond on when a job of it is due', async () => {
    const { broker, clock } = await open();
    await add(broker, { name: 'mial', due: { at: START + 1_000 } });

    clock.advance(999);
    expect(await unhandledIn(broker)).toBeUndefined();

    clock.advance(1);
    expect(await unhandledIn(broker)).toEqual(['mial']);
    expect(await unhandledIn(broker)).toEqual(['mial']);
  });

  it('is no longer told once a process has registered it', async () => {
    const { broker } = await open();
    await add(broker, { name: 'mail' });
    await add(broker, { name: 'mial' });

    await register(broker, 'mail');

    expect(await unhandledIn(broker)).toEqual(['mial']);
  });

  it('is not told while its jobs are disabled, and again when they are enabled', async () => {
    const { broker, repository } = await open();
    await add(broker, { name: 'mial' });

    await repository.disableJobs({ name: 'mial' });
    expect(await unhandledIn(broker)).toBeUndefined();

    await repository.enableJobs({ name: 'mial' });
    expect(await unhandledIn(broker)).toEqual(['mial']);
  });

  it('is not told when its due jobs are gone, or run, and only later ones wait', async () => {
    const { broker, manager } = await open();
    for (const name of ['mial', 'mali']) {
      await add(broker, { name, id: name });
      await add(broker, { name, due: { delayMs: 1 } });
    }

    await manager.cancel(['mial'], '');
    await claim(broker, { names: ['mali'] });

    expect(await unhandledIn(broker)).toBeUndefined();
  });

  it('comes with no more than the limit of others, what is due for the longest first', async () => {
    const { broker, clock } = await open();
    const names = Array.from({ length: UNHANDLED_LIMIT + 1 }, (_, i) => `n${i}`).reverse();
    for (const name of names) {
      await add(broker, { name });
      clock.advance(1);
    }

    expect(await unhandledIn(broker)).toEqual(names.slice(0, UNHANDLED_LIMIT));
  });

  it('is not hidden by names that are handled, however many of them are due', async () => {
    const { broker, clock } = await open();
    await add(broker, { name: 'mial' });
    clock.advance(1);
    for (let i = 0; i < 150; i++) {
      await add(broker, { name: `n${i}` });
      await register(broker, `n${i}`);
    }

    expect(await unhandledIn(broker)).toEqual(['mial']);
  });
});
