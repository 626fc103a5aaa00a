import { writeFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NonRetryableError } from '../../lib/core/errors.js';
import { until } from '../redis/support.js';
import { openTestStore, type TestStore } from './support.js';

let store: TestStore;

beforeEach(async () => {
  store = await openTestStore();
});

afterEach(() => store.close());

const scheduler = () => store.engine.scheduler;

/** Jobs that have failed for good. */
async function bury(name: string, ids: readonly string[]): Promise<void> {
  const { handlers, workerHost } = store.engine;
  handlers.define(name, () => Promise.reject(new NonRetryableError('broken')));
  for (const id of ids) await scheduler().now(name, { id }, { id });
  await workerHost.start();
  await until(async () => (await scheduler().counts(name)).dead === ids.length);
  await workerHost.stop();
}

describe('enqueue', () => {
  it('adds a job with all that is said of it, and prints its id alone', async () => {
    const { code, out } = await store.run(
      ...['enqueue', 'mail', '--data', '{"to":"ada"}', '--at', 'in 2 hours', '--priority=-3'],
      ...['--tag', 'a', '--tag', 'b', '--job-key', 'k', '--attempts', '4'],
    );

    const job = (await scheduler().get(out))!;
    expect(code).toBe(0);
    expect(job).toMatchObject({ name: 'mail', data: { to: 'ada' }, state: 'scheduled', key: 'k' });
    expect(job.attrs.priority).toBe(-3);
    expect(job.tags).toEqual(['a', 'b']);
  });

  it('takes data from a file and from the standard input', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'cli-'));
    const file = join(dir, 'data.json');
    await writeFile(file, '[1, 2]');

    const { out: fromFile } = await store.run('enqueue', 'mail', '--data', `@${file}`);
    const { out: fromInput } = await store.runIn(
      { input: '"x"\n' },
      'enqueue',
      'mail',
      '--data',
      '-',
    );

    expect((await scheduler().get(fromFile))!.data).toEqual([1, 2]);
    expect((await scheduler().get(fromInput))!.data).toBe('x');
    await rm(dir, { recursive: true });
  });

  it.each([['--id'], ['--idempotency-key']])('adds nothing twice by %s', async (option) => {
    const first = await store.json('enqueue', 'mail', option, 'once');
    const again = await store.json('enqueue', 'mail', option, 'once', '--data', '1');

    expect(first).toMatchObject({ code: 0, document: { created: true } });
    expect(again).toMatchObject({ code: 3, document: { created: false } });
    expect(again.document.id).toBe(first.document.id);
  });

  it.each([
    ['--at', 'whenever'],
    ['--priority', 'soonish'],
    ['--id', ''],
    ['--expires-in', 'soon'],
  ])('writes nothing with %s "%s"', async (option, value) => {
    expect(await store.run('enqueue', 'mail', option, value)).toMatchObject({ code: 2, out: '' });
    expect((await scheduler().total()).total).toBe(0);
  });
});

describe('list', () => {
  it('lists jobs by state, name, tag and data', async () => {
    await scheduler().now('mail', { to: 'ada' }, { id: 'a', tags: ['x'] });
    await scheduler().now('mail', { to: 'bob' }, { id: 'b' });
    await scheduler().schedule('in 1 hour', 'report', {}, { id: 'c' });
    const ids = async (...args: string[]): Promise<string[]> =>
      (await store.json('list', ...args)).document.jobs
        .map(({ id }: { id: string }) => id)
        .toSorted();

    expect(await ids()).toEqual(['a', 'b', 'c']);
    expect(await ids('--state', 'queued')).toEqual(['a', 'b']);
    expect(await ids('--name', 'report')).toEqual(['c']);
    expect(await ids('--tag', 'x')).toEqual(['a']);
    expect(await ids('--name', 'mail', '--data', '{"to":"bob"}')).toEqual(['b']);
    expect(await store.run('list', '--tag', 'y')).toMatchObject({ code: 3, out: '' });
    expect(await store.run('list', '--state', 'lost')).toMatchObject({ code: 2, out: '' });
  });

  it('goes on from a cursor until the last job', async () => {
    for (let n = 0; n < 5; n++) await scheduler().schedule('in 1 hour', 'report', { n });
    const seen: number[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const from: string[] = cursor === '' ? [] : ['--cursor', cursor];
      const { document } = await store.json(
        'list',
        '--state',
        'scheduled',
        '--limit',
        '2',
        ...from,
      );
      seen.push(...document.jobs.map(({ data }: { data: { n: number } }) => data.n));
      cursor = document.cursor;
    }

    expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('show', () => {
  it('tells state, attempts, failure and log lines of a job', async () => {
    const { handlers, workerHost } = store.engine;
    handlers.define('mail', async (job) => {
      job.log('half way');
      throw new NonRetryableError('no such address');
    });
    await scheduler().now('mail', { to: 'ada' }, { id: 'm' });
    await workerHost.start();
    await until(async () => (await scheduler().counts('mail')).dead === 1);

    const { document } = await store.json('show', 'm', '--logs');
    const { out } = await store.run('show', 'm', '--follow');

    expect(document).toMatchObject({
      id: 'm',
      state: 'dead',
      deadReason: 'unrecoverable',
      data: { to: 'ada' },
      lease: null,
      failure: { name: 'NonRetryableError', message: 'no such address' },
      attempts: [{ kind: 'dead', attempt: 1 }],
      logs: ['half way'],
    });
    expect(out).toMatch(/State: +dead \(unrecoverable\)/);
    expect(out).toContain('no such address');
    expect(out).toContain('half way');
  });

  it('tells who runs a job, and follows its lines until it has ended', async () => {
    const { handlers, workerHost } = store.engine;
    let goOn!: () => void;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    handlers.define('mail', async (job) => {
      job.log('first');
      await gate;
      job.log('last');
    });
    await scheduler().now('mail', {}, { id: 'm' });
    await workerHost.start();
    await until(async () => (await scheduler().logs('m'))?.lines.length === 1);

    const { document } = await store.json('show', 'm');
    const followed = store.run('show', 'm', '--follow');
    goOn();

    expect(document).toMatchObject({ state: 'running', lease: { fence: expect.any(Number) } });
    expect((await followed).out).toMatch(/first\nlast$/);
  });

  it('tells that there is no such job', async () => {
    expect(await store.run('show', 'none')).toMatchObject({ code: 3, out: '' });
    expect(await store.json('show', 'none')).toEqual({ code: 3, document: null });
  });
});

it('counts jobs by name and in all', async () => {
  await scheduler().now('mail', {});
  await scheduler().schedule('in 1 hour', 'report', {});

  const { document } = await store.json('counts');

  expect(document.names.mail).toMatchObject({ queued: 1, total: 1 });
  expect(document.total).toMatchObject({ queued: 1, scheduled: 1, total: 2 });
  expect((await store.run('counts')).out).toMatch(/^\(all\) +1 +1 /m);
  expect((await store.json('counts', 'mail')).document.total.total).toBe(1);
  expect((await store.run('counts', 'none')).code).toBe(3);
});

describe('changes by id', () => {
  it('promotes, disables, enables, removes and cancels', async () => {
    await scheduler().schedule('in 1 hour', 'mail', {}, { id: 'a' });
    await scheduler().schedule('in 1 hour', 'mail', {}, { id: 'b' });
    const stateOf = async (id: string): Promise<string | undefined> =>
      (await store.json('show', id)).document?.state;

    expect((await store.run('disable', 'a')).code).toBe(0);
    expect(await stateOf('a')).toBe('paused');
    expect((await store.run('disable', 'a')).code).toBe(3);
    expect((await store.run('enable', 'a')).code).toBe(0);
    expect((await store.run('promote', 'a')).code).toBe(0);
    expect(await stateOf('a')).toBe('queued');
    expect((await store.run('remove', 'a')).code).toBe(0);
    expect(await stateOf('a')).toBeUndefined();
    expect((await store.run('cancel', 'b')).code).toBe(0);
    expect(await stateOf('b')).toBeUndefined();
  });

  it('answers for each id, with the exit code 1 when only some could be changed', async () => {
    await scheduler().now('mail', {}, { id: 'a' });

    expect(await store.json('remove', 'a', 'none')).toEqual({
      code: 1,
      document: {
        changes: [
          { id: 'a', outcome: 'ok' },
          { id: 'none', outcome: 'not-found' },
        ],
        changed: 1,
      },
    });
    expect((await store.run('remove', 'a')).code).toBe(3);
  });

  it('brings a dead letter back with other data, at another time', async () => {
    await bury('mail', ['a']);

    const { code } = await store.run('requeue', 'a', '--data', '{"to":"bob"}', '--at', 'in 1 hour');

    expect(code).toBe(0);
    expect(await scheduler().get('a')).toMatchObject({ data: { to: 'bob' }, state: 'scheduled' });
    expect(await store.json('requeue', 'a')).toMatchObject({
      code: 3,
      document: { changes: [{ id: 'a', outcome: 'not-dead' }] },
    });
  });
});

describe('changes by filter', () => {
  it.each([
    ['promote', 'queued'],
    ['disable', 'paused'],
    ['cancel', 'total'],
  ] as const)('%ss what is meant, and nothing else', async (verb, counted) => {
    for (let n = 0; n < 3; n++) await scheduler().schedule('in 1 hour', 'mail', { n: n % 2 });
    await scheduler().schedule('in 1 hour', 'report', { n: 0 });

    const filter = ['--name', 'mail', '--data', '{"n":0}'];
    expect(await store.json(verb, ...filter)).toEqual({
      code: 0,
      document: { matched: 2, changed: 2, stopped: null },
    });

    const { [counted]: count } = await scheduler().total();
    expect(count).toBe(2);
    expect((await scheduler().counts('report')).scheduled).toBe(1);
  });

  it('enables what was disabled', async () => {
    await scheduler().schedule('in 1 hour', 'mail', {}, { tags: ['x'] });
    await store.run('disable', '--tag', 'x');

    expect((await store.json('enable', '--tag', 'x')).document.changed).toBe(1);
    expect((await store.run('enable', '--tag', 'x')).code).toBe(3);
    expect((await scheduler().total()).paused).toBe(0);
  });
});

describe('dead', () => {
  it('lists dead letters with reason and error, also by reason and age', async () => {
    await bury('mail', ['a', 'b']);
    await bury('report', ['c']);

    const { out } = await store.run('dead', 'list', '--name', 'mail');
    const some = await store.json('dead', 'list', '--limit', '2');
    const rest = await store.json('dead', 'list', '--cursor', some.document.cursor);

    expect(out).toContain('unrecoverable');
    expect(out).toContain('broken');
    expect(out.split('\n')).toHaveLength(3);
    expect(some.document.jobs).toHaveLength(2);
    expect(rest.document).toMatchObject({ jobs: [{}], cursor: null });
    expect((await store.run('dead', 'list', '--reason', 'expired')).code).toBe(3);
    expect((await store.run('dead', 'list', '--older-than', '1 hour')).code).toBe(3);
  });

  it('brings back those that are meant', async () => {
    await bury('mail', ['a', 'b', 'c']);

    const dry = await store.json('dead', 'requeue', '--name', 'mail', '--dry-run');
    const two = await store.json('dead', 'requeue', '--reason', 'unrecoverable', '--limit', '2');
    const all = await store.json('dead', 'requeue', '--yes');

    expect(dry.document).toMatchObject({ matched: 3, changed: 3 });
    expect(two.document).toEqual({ matched: 2, changed: 2, stopped: 'limit' });
    expect(all.document).toMatchObject({ changed: 1, stopped: null });
    expect(await store.run('dead', 'requeue', '--yes')).toMatchObject({ code: 3 });
  });

  it('removes those that are meant', async () => {
    await bury('mail', ['a', 'b']);
    await bury('report', ['c']);

    const none = await store.json('dead', 'purge', '--reason', 'expired');
    const mail = await store.json('dead', 'purge', '--name', 'mail', '--reason', 'unrecoverable');
    const old = await store.json('dead', 'purge', '--yes', '--older-than', '1 hour');

    expect([none.code, mail.code, old.code]).toEqual([3, 0, 3]);
    expect(mail.document.changed).toBe(2);
    expect((await scheduler().total()).dead).toBe(1);
  });
});

it('cleans ended jobs, up to a limit', async () => {
  const { handlers, workerHost } = store.engine;
  handlers.define('mail', async () => undefined);
  for (let n = 0; n < 3; n++) await scheduler().now('mail', {});
  await workerHost.start();
  await until(async () => (await scheduler().total()).completed === 3);
  const clean = (...more: string[]) =>
    store.json('clean', '--state', 'completed', '--older-than', '0', ...more);

  expect((await clean('--limit', '2')).document).toEqual({
    matched: 2,
    changed: 2,
    stopped: 'limit',
  });
  expect((await clean('--name', 'report')).code).toBe(3);
  expect((await clean('--name', 'mail')).document.changed).toBe(1);
});

it('pauses a name and everything, and takes that back', async () => {
  expect((await store.json('pause', 'mail', '--reason', 'flood')).document).toEqual({
    name: 'mail',
    paused: true,
    running: 0,
  });
  expect((await store.run('pause')).code).toBe(0);
  expect(await scheduler().pauses()).toMatchObject({
    all: { by: expect.stringContaining('command line') },
    names: { mail: { reason: 'flood' } },
  });
  expect((await store.run('resume')).code).toBe(0);
  expect((await store.run('resume')).code).toBe(3);
  expect((await store.run('resume', 'mail')).code).toBe(0);
  expect(await scheduler().isPaused('mail')).toBe(false);
});

describe('schedules', () => {
  it('tells the next runs of a rule in its own time zone', async () => {
    await scheduler().every('0 2 * * *', 'nightly', {}, { timezone: 'Asia/Tokyo', key: 'k' });
    await scheduler().now('mail', {});

    const { document } = await store.json('schedules', '--runs', '2');
    const [schedule] = document.schedules;
    const [first, second] = schedule.upcoming.map((at: string) => Date.parse(at));

    expect(document.schedules).toHaveLength(1);
    expect(schedule).toMatchObject({ name: 'nightly', repeat: '0 2 * * *', repeatKey: 'k' });
    expect(second - first).toBe(86_400_000);
    expect(new Date(first).getUTCHours()).toBe(17);
    expect(schedule.upcomingInZone[0]).toMatch(/ 02:00 GMT\+9$/);
    expect((await store.run('schedules', '--utc')).out).toContain(' 17:00 UTC');
  });

  it('tells those that run and those that are disabled', async () => {
    const { handlers, workerHost } = store.engine;
    let end!: () => void;
    const gate = new Promise<void>((resolve) => (end = resolve));
    handlers.define('often', () => gate);
    await scheduler().every('1 hour', 'often');
    await scheduler().every('1 hour', 'never');
    await scheduler().disable({ name: 'never' });
    await workerHost.start();
    await until(async () => (await scheduler().total()).running === 1);

    const { document } = await store.json('schedules');
    end();

    expect(
      document.schedules
        .map(({ name, state, upcoming }: any) => [name, state, upcoming.length])
        .toSorted(),
    ).toEqual([
      ['never', 'paused', 0],
      ['often', 'running', 3],
    ]);
  });

  it('tells that there is none', async () => {
    expect((await store.run('schedules')).code).toBe(3);
  });
});

describe('hosts and top', () => {
  it('takes no name for a paused one that a property of all objects is called', async () => {
    const names = ['__proto__', 'constructor', 'toString'];
    for (const name of names) await scheduler().now(name, {});

    const { document } = await store.json('top');

    expect(document.names).toMatchObject(
      names.map((name) => ({ name, pause: null, counts: { queued: 1 } })),
    );
  });

  it('tells which hosts are alive, and is none itself', async () => {
    expect((await store.run('hosts')).code).toBe(3);
    store.engine.handlers.define('mail', async () => undefined);
    await store.engine.workerHost.start();
    await until(async () => (await scheduler().hosts()).length === 1);

    const { document } = await store.json('hosts');

    expect(document.hosts).toMatchObject([{ names: [{ name: 'mail' }], running: 0 }]);
    expect((await store.run('hosts')).out).toContain('mail');
  });

  it('prints the table of top once where there is no screen', async () => {
    await scheduler().now('mail', {});
    await scheduler().pause('mail');

    const { out, code } = await store.run('top');
    const { document } = await store.json('top');

    expect(code).toBe(0);
    expect(out).toMatch(/^mail +1 +0 .*paused$/m);
    expect(document).toMatchObject({
      hosts: { alive: 0 },
      pause: null,
      names: [{ name: 'mail', counts: { queued: 1 }, perMinute: { completed: 0 } }],
    });
  });
});
