/*
 * Loaded before a process's own code: its Date is wrong by CLOCK_SHIFT_MS from then on, and by another
 * CLOCK_STEP_MS after each tenth of a second.
 */

const STEP_EVERY_MS = 100;

const shiftMs = Number(process.env.CLOCK_SHIFT_MS);
const stepMs = Number(process.env.CLOCK_STEP_MS);
const RealDate = Date;

function wrongNow(): number {
  const steps = Math.floor(performance.now() / STEP_EVERY_MS);
  return RealDate.now() + shiftMs + steps * stepMs;
}

class WrongDate extends RealDate {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(wrongNow());
    else super(...(args as [number]));
  }

  static override now(): number {
    return wrongNow();
  }
}

Object.assign(globalThis, { Date: WrongDate, trueNow: () => RealDate.now() });
