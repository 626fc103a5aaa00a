import { setTimeout as wait } from 'node:timers/promises';
import type { Fact } from './processes/settings.js';
import { print, Stage } from './support/stage.js';

const leaseMs = 2_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

it('lets only the new owner settle when a frozen worker wakes up, and tells the old handlers', async () => {
  const engine = { lease: leaseMs };
  const frozen = await stage.worker({ engine });
  // One ends while its worker is frozen and is still running elsewhere when it wakes up …
  const [ending] = await stage.add(1, { ms: 3_000 });
  // … the other one is under way in both.
  const [running] = await stage.add(1, { ms: 6_000 });
  const ids = [ending!, running!];
  const startsOf = async (id: string) => stage.facts.of('started', id);
  await stage.until('both jobs run', async () => (await stage.facts.of('started')).length === 2);

  frozen.signal('SIGSTOP');
  const other = await stage.worker({ engine });
  await stage.until('both jobs are taken over', async () => {
    return (await stage.facts.of('started')).length === 4;
  });
  const [first] = await startsOf(ending!);
  await wait(first!.at + 3_200 - Date.now());
  expect(await stage.facts.of('completed')).toEqual([]);
  frozen.signal('SIGCONT');
  const wokenAt = Date.now();
  await stage.untilCompleted(2);
  await stage.endAll([frozen, other]);
  const facts = await stage.facts.all();

  const by = (pid: number, kind: Fact['kind'], id: string) =>
    facts.find((fact) => fact.pid === pid && fact.kind === kind && fact.id === id);
  const signal = by(frozen.pid, 'signalled', running!);
  print('woken worker', { signalAfterMs: signal!.at - wokenAt });
  expect(signal!.at - wokenAt).toBeLessThan(1_000);
  expect(signal!.why).toBe('LeaseLostError');
  for (const id of ids) {
    expect((await startsOf(id)).map(({ pid, attempt }) => [pid, attempt])).toEqual([
      [frozen.pid, 1],
      [other.pid, 2],
    ]);
    expect(by(frozen.pid, 'lost', id)).toMatchObject({ why: 'lease-mismatch' });
    // Both executions came to their end; one of them counts.
    expect(by(frozen.pid, 'returned', id)).toBeDefined();
    expect((await stage.facts.of('completed', id)).map(({ pid }) => pid)).toEqual([other.pid]);
    expect(await stage.backend.manager.get(id)).toMatchObject({ attempt: 2, rescueCount: 1 });
  }
  expect(await stage.counts()).toMatchObject({ completed: 2, total: 2 });
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});
