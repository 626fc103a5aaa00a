import type { ClaimRequest } from '../../../lib/core/contracts/job-broker.js';
import { InMemoryNotificationChannel } from '../../../lib/core/notifications/in-memory-notification-channel.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { digestOf, NameGroups } from '../../../lib/core/worker/name-groups.js';
import { ManualWorker } from '../../../lib/core/worker/manual-worker.js';
import { StandingBy } from '../../../lib/core/worker/stand-by.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, gate, makeBench, nextEvent, type TestBench, until } from './support.js';

afterEach(closeBenches);

const NEVER_LOOK = { processEvery: '1h' } as const;
const HOUR = 3_600_000;

const claimsOf = ({ broker }: TestBench): ClaimRequest[] =>
  broker.argsOf('settleAndClaim').map(([, claim]) => claim);

/** A host that runs these names, and has had the answer to its first claim. */
async function makeIdle(
  names: readonly string[],
  options: EngineOptions = {},
  memory = new MemoryBackend(),
): Promise<TestBench> {
  const bench = await makeBench({ ...NEVER_LOOK, ...options }, memory);
  for (const name of names) bench.engine.handlers.define(name, () => undefined);
  await bench.engine.workerHost.start();
  await until(() => claimsOf(bench).length > 0);
  await untilAnswered(bench);
  return bench;
}

const untilAnswered = ({ engine }: TestBench) =>
  until(() => engine.workerHost.snapshot().callsUnderWay === 0);

/** One more process on the same store. */
const beside = (memory: MemoryBackend) => new MemoryBackend({}, { sharing: memory });

describe('a host with nothing to do', () => {
  it('stands by in the group of its names, for twice the time in which it looks by itself and more', async () => {
    const bench = await makeIdle(['mail', 'bill']);

    const [{ standBy }] = claimsOf(bench) as [ClaimRequest];
    expect(standBy).toMatchObject({ was: '' });
    expect(standBy!.group).toMatch(/^[0-9a-z]{14}$/);
    expect(standBy!.forMs).toBeGreaterThan(2 * HOUR);
  });

  it('says in which group it stood by', async () => {
    const bench = await makeIdle(['mail']);

    const completed = nextEvent(bench.engine, 'completed');
    await bench.engine.scheduler.now('mail');
    await completed;

    const [first, second] = claimsOf(bench).map(({ standBy }) => standBy);
    expect(first).toMatchObject({ was: '' });
    expect(second).toEqual({ ...first, was: first!.group });
  });

  it('leaves when it stops, so that nobody waits for it', async () => {
    const bench = await makeIdle(['mail']);
    const [first] = claimsOf(bench);

    await bench.engine.workerHost.stop();

    const { group } = first!.standBy!;
    expect(claimsOf(bench).slice(1)).toMatchObject([
      { slots: 0, names: [], standBy: { group, was: group } },
    ]);
  });

  it('leaves when it is paused, and is back when it is resumed', async () => {
    const bench = await makeIdle(['mail']);
    const { group } = claimsOf(bench)[0]!.standBy!;

    bench.engine.workerHost.pause();
    await until(() => claimsOf(bench).length === 2);
    await untilAnswered(bench);
    bench.engine.workerHost.resume();
    await until(() => claimsOf(bench).length === 3);

    expect(claimsOf(bench).slice(1)).toMatchObject([
      { slots: 0, standBy: { was: group } },
      { names: [{ name: 'mail' }], standBy: { group, was: '' } },
    ]);
  });

  it('changes its group when one of its names is paused', async () => {
    const bench = await makeIdle(['mail', 'bill']);
    const { group } = claimsOf(bench)[0]!.standBy!;

    bench.engine.workerHost.pause('bill');
    await until(() => claimsOf(bench).length === 2);

    const [, second] = claimsOf(bench);
    expect(second).toMatchObject({ names: [{ name: 'mail' }], standBy: { was: group } });
    expect(second!.standBy!.group).not.toBe(group);
  });

  it('does not stand by where it stopped while its claim was under way', async () => {
    const bench = await makeBench(NEVER_LOOK);
    bench.engine.handlers.define('mail', () => undefined);
    const letGo = bench.broker.hold('settleAndClaim');
    await bench.engine.workerHost.start();
    await until(() => claimsOf(bench).length === 1);

    const stopped = bench.engine.workerHost.stop();
    await Promise.resolve();
    letGo();
    await stopped;

    const { group } = claimsOf(bench)[0]!.standBy!;
    expect(claimsOf(bench).slice(1)).toMatchObject([{ slots: 0, standBy: { was: group } }]);
  });

  it('finds a job without news when it looks by itself', async () => {
    const memory = new MemoryBackend();
    const bench = await makeIdle(['mail'], { processEvery: 20 }, memory);
    const completed = nextEvent(bench.engine, 'completed');
    await memory.notificationChannel.disconnect();

    const { id } = await bench.engine.scheduler.now('mail');

    expect((await completed).job.id).toBe(id);
  });
});

describe('of many hosts', () => {
  it('one job wakes two, and the others sleep on', async () => {
    const memory = new MemoryBackend();
    const hosts: TestBench[] = [];
    for (let n = 0; n < 12; n++) hosts.push(await makeIdle(['mail'], {}, beside(memory)));
    const groups = new Set(hosts.map((host) => claimsOf(host)[0]!.standBy!.group));
    expect(groups.size).toBe(1);
    const before = hosts.map((host) => claimsOf(host).length);

    const completed = Promise.race(hosts.map(({ engine }) => nextEvent(engine, 'completed')));
    await hosts[0]!.engine.scheduler.now('mail');
    await completed;
    await Promise.all(hosts.map(untilAnswered));

    const woken = hosts.filter((host, n) => claimsOf(host).length > before[n]!);
    expect(woken.length).toBeLessThanOrEqual(2);
  });

  it('a job is run in time that was planned while they slept', async () => {
    const memory = new MemoryBackend();
    const hosts: TestBench[] = [];
    for (let n = 0; n < 5; n++) hosts.push(await makeIdle(['mail'], {}, beside(memory)));
    const completed = Promise.race(hosts.map(({ engine }) => nextEvent(engine, 'completed')));

    const { id } = await hosts[0]!.engine.scheduler.now('mail', undefined, { delay: 20 });

    expect((await completed).job.id).toBe(id);
  });

  it('those that are woken and have no room for the name pass that on', async () => {
    const memory = new MemoryBackend();
    const other = await makeIdle(['mail'], {}, beside(memory));
    const letGo = other.broker.hold('settleAndClaim');
    const ends = gate();
    const full: TestBench[] = [];
    for (let n = 0; n < 2; n++) await other.engine.scheduler.now('mail');
    for (let n = 0; n < 2; n++) {
      const host = await makeBench(NEVER_LOOK, beside(memory));
      host.engine.handlers.define('mail', () => ends.opened, { concurrency: 1 });
      host.engine.handlers.define('bill', () => undefined);
      const started = nextEvent(host.engine, 'started');
      await host.engine.workerHost.start();
      await started;
      await untilAnswered(host);
      full.push(host);
    }
    letGo();
    await untilAnswered(other);
    const before = full.map((host) => claimsOf(host).length);

    // The group that was told of last is woken first.
    const completed = nextEvent(other.engine, 'completed');
    const { id } = await other.engine.scheduler.now('mail');

    expect((await completed).job.id).toBe(id);
    const passedOn = full.map((host, n) => claimsOf(host)[before[n]!]);
    expect(passedOn).toMatchObject([
      { slots: 0, names: [{ name: 'mail', slots: 0 }] },
      { slots: 0, names: [{ name: 'mail', slots: 0 }] },
    ]);
    ends.open();
  });

  it('the rest do the work when those that watched have stopped', async () => {
    const memory = new MemoryBackend();
    const hosts: TestBench[] = [];
    for (let n = 0; n < 4; n++) hosts.push(await makeIdle(['mail'], {}, beside(memory)));
    const rest = hosts.slice(2);
    const completed = Promise.race(rest.map(({ engine }) => nextEvent(engine, 'completed')));
    const { id } = await rest[0]!.engine.scheduler.now('mail', undefined, { delay: 100 });

    for (const { engine } of hosts.slice(0, 2)) await engine.workerHost.stop();

    expect((await completed).job.id).toBe(id);
  });
});

describe('nobody counts on', () => {
  it('a host of a test that takes jobs only when told', async () => {
    const bench = await makeBench(NEVER_LOOK);
    bench.engine.handlers.define('mail', () => undefined);
    const demand = bench.engine.workerHost.hold();
    await bench.engine.workerHost.start();
    await bench.engine.scheduler.now('mail');

    await demand.workOff({ most: 10, patienceMs: 1_000, adds: () => Promise.resolve() });

    expect(claimsOf(bench).length).toBeGreaterThan(0);
    expect(claimsOf(bench).filter(({ standBy }) => standBy)).toEqual([]);
  });

  it('a host that is held from now on', async () => {
    const bench = await makeIdle(['mail']);
    const { group } = claimsOf(bench)[0]!.standBy!;

    bench.engine.workerHost.hold();
    await until(() => claimsOf(bench).length === 2);

    expect(claimsOf(bench)[1]).toMatchObject({ slots: 0, standBy: { was: group } });
  });

  it('a held host that is let go, which hears what everybody hears', async () => {
    const memory = new MemoryBackend();
    const bench = await makeIdle(['mail'], {}, memory);
    const demand = bench.engine.workerHost.hold();
    demand.letGo();
    const completed = nextEvent(bench.engine, 'completed');

    const { id } = await bench.engine.scheduler.now('mail');

    expect((await completed).job.id).toBe(id);
  });

  it('a worker by hand', async () => {
    const bench = await makeBench();
    await new ManualWorker(bench.broker).claim('mail');

    expect(claimsOf(bench)[0]).not.toHaveProperty('standBy');
  });

  it('a host that hears its news elsewhere', async () => {
    const notificationChannel = new InMemoryNotificationChannel();
    const bench = await makeBench(NEVER_LOOK, new MemoryBackend(), { notificationChannel });
    bench.engine.handlers.define('mail', () => undefined);
    await bench.engine.workerHost.start();
    const completed = nextEvent(bench.engine, 'completed');

    await bench.engine.scheduler.now('mail');

    await completed;
    expect(claimsOf(bench).filter(({ standBy }) => standBy)).toEqual([]);
  });
});

describe('a group of names', () => {
  const groupOf = (...names: string[]) => {
    const groups = new NameGroups();
    groups.begin();
    for (const name of names) groups.add(digestOf(name));
    return groups.end();
  };

  it('is the same in whatever order, in every process', () => {
    expect(groupOf('a', 'b', 'c')).toBe(groupOf('c', 'a', 'b'));
    expect(groupOf('mail')).toBe('085ywaf043lt4b');
  });

  it('is another one for other names', () => {
    const groups = [groupOf('a'), groupOf('b'), groupOf('a', 'b'), groupOf('ab'), groupOf()];

    expect(new Set(groups).size).toBe(groups.length);
  });

  it('is told anew after another one', () => {
    const groups = new NameGroups();
    const told = [['a'], ['a', 'b'], ['a']].map((names) => {
      groups.begin();
      for (const name of names) groups.add(digestOf(name));
      return groups.end();
    });

    expect(told).toEqual([groupOf('a'), groupOf('a', 'b'), groupOf('a')]);
  });
});

describe('standing by', () => {
  const answer = { now: 0, answers: [], jobs: [], dueInMs: null, earliestExpiry: null };
  const claim = (standBy: ClaimRequest['standBy']): ClaimRequest => ({
    claimId: '',
    host: '',
    leaseMs: 1,
    slots: 1,
    names: [],
    ...(standBy && { standBy }),
  });

  it('is over when an answer does not speak of it', () => {
    const standing = new StandingBy(1_000);
    standing.learnFrom(claim(standing.in('g')), { ...answer, standsBy: true });
    expect(standing.isStanding).toBe(true);

    standing.learnFrom(claim(standing.in('g')), answer);

    expect(standing.isStanding).toBe(false);
    expect(standing.in('g').was).toBe('');
  });

  it('is left as it is by a call that asks for no jobs', () => {
    const standing = new StandingBy(1_000);
    standing.learnFrom(claim(standing.in('g')), { ...answer, standsBy: true });

    standing.learnFrom(claim(undefined), answer);

    expect(standing.isStanding).toBe(true);
  });

  it('names what it was woken for, and only once', () => {
    const standing = new StandingBy(1_000);
    standing.learnFrom(claim(standing.in('g')), { ...answer, standsBy: true });

    expect([standing.refuse('a'), standing.refuse('b'), standing.refuse('a')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(standing.farewell()).toEqual({
      names: [
        { name: 'a', slots: 0 },
        { name: 'b', slots: 0 },
      ],
      standBy: { group: 'g', was: 'g', forMs: 7_000 },
    });
    expect(standing.hasFarewell).toBe(false);
  });

  it('goes on in the group of a claim that was under way beside a farewell', () => {
    const standing = new StandingBy(1_000);
    standing.learnFrom(claim(standing.in('g')), { ...answer, standsBy: true });
    const underWay = claim(standing.in('h'));
    standing.refuse('a');
    const farewell = { ...claim(undefined), ...standing.farewell(), slots: 0 };

    standing.learnFrom(underWay, { ...answer, standsBy: true });
    standing.learnFrom(farewell, answer);

    expect(standing.in('h').was).toBe('h');
  });

  it('refuses nothing where nobody counts on it', () => {
    const standing = new StandingBy(1_000);

    expect(standing.refuse('a')).toBe(false);
    standing.leave();
    expect(standing.hasFarewell).toBe(false);
  });
});
