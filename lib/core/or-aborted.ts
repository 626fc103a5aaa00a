/**
 * What something resolves with, or nothing as soon as the signal fires. A race with one promise of the signal would
 * keep all that was ever asked for until it fires; this keeps nothing.
 */
export function orAborted<Value>(
  something: PromiseLike<Value>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(undefined);
    const forget = (): void => signal.removeEventListener('abort', abort);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    void Promise.resolve(something).then(resolve, reject).then(forget);
  });
}
