import { randomToken } from '../../lib/core/job/job-id.js';
import { describeBackends, START } from './support/backends.js';
import { addMany, claim, claimOne, complete, idsOf, settleOne } from './support/builders.js';

const HOUR = 3_600_000;

describeBackends('a claim whose answer was never heard', (open) => {
  it('gives its jobs back with the next claim of the host, as if they had never been claimed', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 5, (i) => ({ id: `job-${i}` }));
    const heard = randomToken();
    await claim(broker, { claimId: heard, slots: 1, heard: '' });
    await claim(broker, { slots: 3, heard });

    const { jobs } = await claim(broker, { slots: 2, heard });

    expect(idsOf(jobs)).toEqual(['job-1', 'job-2']);
    expect(await manager.get('job-3')).toMatchObject({
      lockedAt: null,
      attempt: 0,
      releaseCount: 0,
    });
    expect((await manager.counts()).get('mail')).toMatchObject({ running: 3, queued: 2 });
  });

  it('keeps what was heard, what is unknown, and what belongs to the other track', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 4, (i) => ({ id: `job-${i}` }));
    const heard = randomToken();
    await claim(broker, { claimId: heard, slots: 1, heard: '' });
    await claim(broker, { slots: 1, heard: '', track: 1 });
    await claim(broker, { slots: 1, heard });
    await claim(broker, { slots: 1 });

    expect((await manager.counts()).get('mail')).toMatchObject({ running: 4, queued: 0 });
  });

  it('leaves alone what was settled or taken over meanwhile', async () => {
    const { broker, manager } = await open();
    await addMany(broker, 2, (i) => ({ id: `job-${i}` }));
    const { jobs } = await claim(broker, { slots: 2, heard: '' });
    await settleOne(broker, complete(jobs[0]!));

    await claim(broker, { slots: 0, names: [], heard: 'another' });

    expect((await manager.counts()).get('mail')).toMatchObject({ completed: 1, queued: 1 });
  });

  it('gives back a job with the time that was saved for it meanwhile', async () => {
    const { broker, repository, manager } = await open();
    const row = { name: 'mail', priority: 0, type: 'single', data: null, repeatInterval: '1 hour' };
    const { _id } = await repository.saveJob({
      ...row,
      type: 'single',
      nextRunAt: new Date(START),
    });
    await claimOne(broker, { heard: '' });
    const later = new Date(START + HOUR);
    await repository.saveJob({ ...row, type: 'single', _id: _id!, nextRunAt: later });

    await claim(broker, { heard: 'another' });

    expect(await manager.get(_id!)).toMatchObject({ nextRunAt: START + HOUR, lockedAt: null });
    expect((await manager.counts()).get('mail')).toMatchObject({ repeating: 1, running: 0 });
  });
});
