import type { WorkerSettings } from './processes/settings.js';
import { isLong, print, Stage } from './support/stage.js';

const leaseMs = 3_000;
const renewalMs = leaseMs / 3;
const rounds = isLong ? 50 : 5;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

/** How long running jobs of another process took to hear that they were cancelled, one after the other. */
async function delaysOfSignals(settings: Partial<WorkerSettings>): Promise<number[]> {
  const worker = await stage.worker({ engine: { lease: leaseMs }, ...settings });
  const delays: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [id] = await stage.add(1, { ms: 60_000, obeys: true });
    await stage.until('the job runs', async () => (await stage.facts.of('started', id)).length > 0);
    const cancelledAt = Date.now();
    await stage.cancel(id!, 'no longer wanted');
    // The record goes at once, whatever its handler does.
    expect(await stage.backend.manager.get(id!)).toBeUndefined();
    await stage.until('the handler is told', async () => {
      return (await stage.facts.of('signalled', id)).length > 0;
    });
    const [signal] = await stage.facts.of('signalled', id);
    expect(signal!.why).toBe('JobCancelledError');
    delays.push(signal!.at - cancelledAt);
  }
  await stage.endAll([worker]);
  return delays.sort((a, b) => a - b);
}

async function expectNothingLeft(): Promise<void> {
  expect(await stage.facts.of('failed')).toEqual([]);
  expect(await stage.counts()).toMatchObject({ total: 0 });
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
}

it('reaches the handler in another process within 100 ms', async () => {
  const delays = await delaysOfSignals({});
  print('cancelled, told after ms', delays);

  // Half of them: a machine with something else to do may hold up single ones, but none as long as a renewal.
  expect(delays[Math.floor(rounds / 2)]).toBeLessThanOrEqual(100);
  expect(delays.at(-1)).toBeLessThan(renewalMs);
  await expectNothingLeft();
});

it('reaches a process that hears no news with its next renewal', async () => {
  const engine = { lease: leaseMs, processEvery: 100 };
  const delays = await delaysOfSignals({ deaf: true, engine });
  print('cancelled without news, told after ms', delays);

  expect(delays.at(-1)).toBeLessThanOrEqual(renewalMs + 500);
  // Otherwise it had news all the same.
  expect(delays.at(-1)).toBeGreaterThan(200);
  await expectNothingLeft();
});
