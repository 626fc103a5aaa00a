import { print } from './stage.js';

const LATE_MS = 4;
const LOOK_MS = 1_000;
const PATIENCE_MS = 20_000;

/** Waits until the timers of this process were on time for a second; not for ever. */
export async function quietMachine(): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const late = await worstTimer();
    if (late < LATE_MS) return;
    if (performance.now() > giveUpAt) {
      print('the machine stays busy, its timers are late by ms', { late });
      return;
    }
  }
}

async function worstTimer(): Promise<number> {
  let worst = 0;
  const until = performance.now() + LOOK_MS;
  while (performance.now() < until) {
    const dueAt = performance.now() + 5;
    await new Promise((resolve) => setTimeout(resolve, 5));
    worst = Math.max(worst, performance.now() - dueAt);
  }
  return worst;
}
