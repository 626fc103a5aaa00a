import type { Rescue } from '../../../lib/core/contracts/job-broker.js';
import { Rescuer } from '../../../lib/core/worker/rescuer.js';

const LEASE = 300;
/** For so long what the store told is relied on. */
const QUIET = 200;
const NOTHING: Rescue = { now: 0, jobs: [], more: false, heldUntil: null, earliestExpiry: null };

const rescuers: Rescuer[] = [];
afterEach(() => {
  for (const rescuer of rescuers.splice(0)) rescuer.stop();
});

/** One that has begun, whose looks come to this, and the time from its beginning to its first look. */
function begin(answers: Partial<Rescue>[] = [], leaseMs = LEASE) {
  const looks: number[] = [];
  let looked: (() => void) | undefined;
  const rescuer = new Rescuer(leaseMs, {
    rescue: async () => {
      looks.push(performance.now());
      looked?.();
      return { ...NOTHING, ...answers[looks.length - 1] };
    },
    now: () => Date.now(),
    ownLeasesAreSafe: async () => true,
    rescued: () => undefined,
    failed: () => undefined,
    recovered: () => undefined,
  });
  rescuers.push(rescuer);
  const begunAt = performance.now();
  rescuer.start();
  const untilLook = async (count: number): Promise<number> => {
    while (looks.length < count) await new Promise<void>((resolve) => (looked = resolve));
    return looks[count - 1]! - begunAt;
  };
  return { rescuer, untilLook, hear: (at: number | null) => rescuer.heard(at, performance.now()) };
}

// A timer may fire a fraction of a millisecond early by this clock.
const EARLY = 1;

it('looks when a lease has run out that the store told of, and not before', async () => {
  // By itself it would look much later than the test lasts.
  const { hear, untilLook } = begin([], 60_000);
  hear(Date.now() + 50);

  expect(await untilLook(1)).toBeGreaterThanOrEqual(50 - EARLY);
});

it('does not look for a lease that was renewed or given up since', async () => {
  const { hear, untilLook } = begin();
  hear(Date.now() + 20);
  hear(null);

  expect(await untilLook(1)).toBeGreaterThanOrEqual(QUIET - EARLY);
});

it('looks by itself when it has heard nothing for two thirds of a lease, and only then', async () => {
  const { hear, untilLook } = begin();
  await new Promise((resolve) => setTimeout(resolve, 100));
  hear(null);

  expect(await untilLook(1)).toBeGreaterThanOrEqual(100 + QUIET - 2 * EARLY);
  expect(await untilLook(2)).toBeGreaterThanOrEqual(100 + 2 * QUIET - 3 * EARLY);
});

it('comes again at once where leases are left, and when the store lets it where it holds off', async () => {
  const heldUntil = Date.now() + 120;
  const { hear, untilLook } = begin([{ more: true }, { heldUntil, earliestExpiry: 1 }]);
  hear(Date.now());

  await untilLook(2);
  // Others hear of the same lease meanwhile.
  hear(1);
  await untilLook(3);

  expect(Date.now()).toBeGreaterThanOrEqual(heldUntil - EARLY);
});
