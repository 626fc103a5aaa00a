import { RedisBackend as OfficialBackend } from '@agendajs/redis-backend';
import { Agenda, constant, type JobStateNotification } from 'agenda';
import { RedisNotificationChannel } from '../../lib/redis/index.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { define, Family, next, pause } from './support/family.js';

const url = process.env.TEST_REDIS_URL!;
let family: Family;

beforeEach(() => void (family = new Family(url)));
afterEach(() => family.close());

type Heard = [event: string, isRemote: boolean];

function listen(agenda: Agenda, events: readonly string[]): Heard[] {
  const heard: Heard[] = [];
  for (const event of events) {
    const note = (...args: unknown[]): void => void heard.push([event, args.at(-1) === true]);
    (agenda as NodeJS.EventEmitter).on(event, note);
  }
  return heard;
}

describe('events of other instances', () => {
  it.each([
    ['without names', {}, {}],
    ['with names', { name: 'one' }, { name: 'two' }],
  ])('are heard once, and its own once, by instances %s', async (_, one, two) => {
    const events = ['start:mail', 'progress:mail', 'success:mail', 'complete:mail'];
    const worker = await family.worker({ mail: (job) => job.touch(50) }, one);
    const other = await family.worker({}, two);
    const [own, remote] = [listen(worker, events), listen(other, events)];

    await other.now('mail');
    while (own.length < 3 || remote.length < 4) await pause(5);
    await pause(50);

    expect(own).toEqual([
      ['start:mail', false],
      ['success:mail', false],
      ['complete:mail', false],
    ]);
    expect(remote).toEqual(events.map((event) => [event, true]));
  });

  it('tell of failures and retries', async () => {
    const worker = await family.agenda();
    const fail = async () => {
      throw new Error('no luck');
    };
    define(worker, 'mail', fail, { backoff: constant({ delay: 3_600_000, maxRetries: 1 }) });
    await worker.start();
    const other = await family.worker({});
    const [failed, retried] = [next(other, 'fail:mail'), next(other, 'retry:mail')];

    const job = await other.now('mail');

    expect(await failed).toEqual([
      'no luck',
      expect.objectContaining<Partial<JobStateNotification>>({
        type: 'fail',
        jobId: job.attrs._id!,
        error: 'no luck',
        failCount: 1,
        timestamp: expect.any(Date),
      }),
      true,
    ]);
    const [notification, details] = await retried;
    expect(notification).toMatchObject({ retryAttempt: 1, retryAt: expect.any(Date) });
    expect(details).toMatchObject({ attempt: 1, error: new Error('no luck') });
  });
});

it('runs at once, after an outage of its connections, what was added meanwhile', async () => {
  const proxy = await TcpProxy.to(Number(new URL(url).port));
  const worker = await family.worker(
    { mail: () => {} },
    {},
    family.backend({ connectionString: proxy.url }),
  );
  const producer = await family.agenda();
  const completed = next(worker, 'complete:mail');
  proxy.cut();

  await producer.now('mail');
  await completed;

  expect((await producer.queryJobs({ state: 'completed' })).total).toBe(1);
  await family.close();
  await proxy.close();
});

describe('applications on one channel', () => {
  it('do not hear of each other, neither by prefix nor by database', async () => {
    const channelName = family.prefix;
    const mine = await family.worker({ mail: () => {} }, {}, family.backend({ channelName }));
    const strangers = [
      family.backend({ channelName, keyPrefix: `${family.prefix}other:` }),
      family.backend({ channelName, redisOptions: { db: 5 } }),
    ];
    const heard: unknown[] = [];
    for (const backend of strangers) {
      await family.worker({ mail: () => {} }, {}, backend);
      backend.notificationChannel.subscribe((news) => void heard.push(news));
      backend.notificationChannel.subscribeState((news) => void heard.push(news));
    }
    const completed = next(mine, 'complete:mail');

    await mine.now('mail');
    await completed;
    await pause(50);

    expect(heard).toEqual([]);
  });
});

describe('our channel beside the storage of another backend', () => {
  it.each<[string, () => RedisNotificationChannel]>([
    ['of a backend that is never opened', () => family.backend().notificationChannel],
    [
      'made alone',
      () => new RedisNotificationChannel({ connectionString: url, keyPrefix: family.prefix }),
    ],
  ])('wakes its workers, and tells their events: one %s', async (_, newChannel) => {
    const open = async () => {
      const backend = new OfficialBackend({
        connectionString: url,
        keyPrefix: `${family.prefix}theirs:`,
      });
      const agenda = new Agenda({
        backend,
        notificationChannel: newChannel(),
        processEvery: 3_600_000,
      });
      await agenda.ready;
      return agenda;
    };
    const [worker, other] = [await open(), await open()];
    const [done, heard] = [next(worker, 'complete:mail'), next(other, 'complete:mail')];
    define(worker, 'mail', async () => {});
    await Promise.all([worker.start(), other.start()]);
    const addedAt = performance.now();

    await other.now('mail');
    await done;

    expect(performance.now() - addedAt).toBeLessThan(1_000);
    expect((await heard).at(-1)).toBe(true);
    await Promise.all([worker.stop(), other.stop()]);
  });
});
