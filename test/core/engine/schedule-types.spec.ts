import { InvalidOptionError, type JobScheduler, type ScheduleOptions } from '../../../lib/index.js';
import { closeBenches, makeBench } from './support.js';

afterEach(closeBenches);

/* That all of this compiles, and that what is marked does not, is checked by `npm run typecheck`. */
async function _scheduleInEveryWay(scheduler: JobScheduler): Promise<void> {
  const at = 'tomorrow at 9am';
  await scheduler.schedule(at, 'mail', {}, { id: 'a', attempts: 3, timezone: 'Europe/Paris' });
  await scheduler.schedule(at, ['mail'], {}, { skipDays: [0], priority: 'high', timezone: 'UTC' });
  const either: ScheduleOptions = { priority: 'high' };
  await scheduler.schedule(at, 'mail', {}, either);

  // @ts-expect-error -- the time is said already
  await scheduler.schedule(at, 'mail', {}, { delay: '1 minute' });
  // @ts-expect-error -- limits are stored with the job, and leave room for the priority alone
  await scheduler.schedule(at, 'mail', {}, { startDate: '2027-01-01', id: 'a' });
  // @ts-expect-error -- for several names as well
  await scheduler.schedule(at, ['mail'], {}, { skipDays: [0], attempts: 3 });
}

it.each<[string, object]>([
  ['startDate', { startDate: '2027-01-01', attempts: 3 }],
  ['endDate', { endDate: '2099-01-01', attempts: 3 }],
  ['skipDays', { skipDays: [0], attempts: 3 }],
])('refuses an option beside %s that limits leave no room for', async (_, options) => {
  const { engine } = await makeBench();

  const refused = engine.scheduler.schedule('in 1 hour', 'mail', {}, options);

  await expect(refused).rejects.toThrow(InvalidOptionError);
  await expect(refused).rejects.toThrow('attempts');
  expect(await engine.scheduler.counts()).toEqual({});
});
