import { describeBackends } from './support/backends.js';
import { add, claimOne } from './support/builders.js';
import { at } from './support/rows.js';

describeBackends('forgetName', (open) => {
  it('forgets a name without jobs, with all that is left of it', async () => {
    const { manager, broker, repository, dump } = await open();
    await add(broker, { id: 'a', due: { delayMs: 100 } });
    await repository.saveJob({
      name: 'mail',
      type: 'single',
      repeatInterval: '1 hour',
      nextRunAt: at(1_000),
      priority: 0,
      data: null,
    });
    await repository.removeJobs({ name: 'mail' });

    expect(await manager.forgetName('mail')).toBe(true);

    const left = Object.entries((await dump()) as object).filter(
      ([key, value]) => !/gone$|meta$|^lanes$/.test(key) && JSON.stringify(value).includes('mail'),
    );
    expect(left).toEqual([]);
  });

  it.each(['waits', 'runs'])('keeps one of which a job %s', async (how) => {
    const { manager, broker } = await open();
    await add(broker, { id: 'a' });
    if (how === 'runs') await claimOne(broker);

    expect(await manager.forgetName('mail')).toBe(false);

    expect([...(await manager.counts()).keys()]).toEqual(['mail']);
  });

  it('knows a name again when the next job is added', async () => {
    const { manager, broker } = await open();
    expect(await manager.forgetName('mail')).toBe(true);

    await add(broker, { id: 'a' });

    expect((await manager.counts()).get('mail')).toMatchObject({ queued: 1 });
    expect((await claimOne(broker)).record.id).toBe('a');
  });
});
