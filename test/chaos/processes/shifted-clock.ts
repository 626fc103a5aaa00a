/* Loaded before a process's own code: its Date is wrong by CLOCK_SHIFT_MS from then on. */

const shiftMs = Number(process.env.CLOCK_SHIFT_MS);
const RealDate = Date;

class ShiftedDate extends RealDate {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(RealDate.now() + shiftMs);
    else super(...(args as [number]));
  }

  static override now(): number {
    return RealDate.now() + shiftMs;
  }
}

Object.assign(globalThis, { Date: ShiftedDate, trueNow: () => RealDate.now() });
