/** Milliseconds on a clock that all processes of the machine share and nobody sets. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Milliseconds since the epoch, with fractions. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}
