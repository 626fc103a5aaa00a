import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Every, type Job, JobHandler, JobScheduler } from '../../lib/index.js';
import { AgendaRedisTestingModule, JobTesting } from '../../lib/testing/index.js';

/* What a user's own spec looks like: no Redis, nothing waited for, well below a second. */

@Injectable()
class Newsletter {
  isDown = false;

  constructor(private readonly scheduler: JobScheduler) {}

  async subscribe(email: string): Promise<void> {
    await this.scheduler.schedule('tomorrow at 9am', 'send-issue', { email }, { timezone: 'UTC' });
  }

  @JobHandler('send-issue', { attempts: 4, backoff: { type: 'exponential', delay: '1 minute' } })
  sendIssue(job: Job<{ email: string }>): string {
    if (this.isDown) throw new Error('smtp is down');
    return `sent to ${job.data.email}`;
  }

  @JobHandler('weekly-digest')
  @Every('0 8 * * sun', { timezone: 'Europe/Berlin' })
  digest(): void {}
}

let app: TestingModule;
let jobs: JobTesting;

beforeEach(async () => {
  app = await Test.createTestingModule({
    imports: [AgendaRedisTestingModule.forRoot({ now: '2027-03-15T12:00:00Z' })],
    providers: [Newsletter],
  })
    .setLogger(false as never)
    .compile();
  await app.init();
  jobs = app.get(JobTesting);
});
afterEach(() => app.close());

const times = (name: string) => jobs.runs(name).map(({ endedAt }) => endedAt.toISOString());

it('sends the first issue on the next morning, and not before', async () => {
  await app.get(Newsletter).subscribe('ann@example.com');

  await jobs.expectScheduled(
    'send-issue',
    { email: 'ann@example.com' },
    { at: '2027-03-16T09:00:00Z', count: 1 },
  );
  await jobs.advanceTo('2027-03-16T08:59:59.999Z');
  expect(jobs.runs('send-issue')).toEqual([]);

  const [run] = await jobs.advance(1);
  expect(run).toMatchObject({ outcome: 'completed', result: 'sent to ann@example.com' });
});

it('tries again with growing pauses, and succeeds when the server is back', async () => {
  const newsletter = app.get(Newsletter);
  newsletter.isDown = true;
  await newsletter.subscribe('ann@example.com');

  await jobs.advanceTo('2027-03-16T09:02:00Z');
  newsletter.isDown = false;
  await jobs.advance('1 hour');

  expect(times('send-issue')).toEqual([
    '2027-03-16T09:00:00.000Z',
    '2027-03-16T09:01:00.000Z',
    '2027-03-16T09:03:00.000Z',
  ]);
  expect(jobs.completed('send-issue')).toMatchObject([{ attempt: 3 }]);
  await jobs.expectNotScheduled('send-issue');
});

it('sends the digest at 8 on the wall, before and after the clocks change', async () => {
  await jobs.advance('3 weeks');

  expect(times('weekly-digest')).toEqual([
    '2027-03-21T07:00:00.000Z',
    '2027-03-28T06:00:00.000Z',
    '2027-04-04T06:00:00.000Z',
  ]);
});
