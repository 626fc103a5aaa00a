import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { orAborted } from '../../lib/core/or-aborted.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

it('resolves or rejects as what was asked for does, and with nothing once the signal fires', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const silent = new Promise<number>(() => undefined);

  expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
  await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  const waiting = orAborted(silent, signal);
  controller.abort();

  expect(await waiting).toBeUndefined();
  expect(await orAborted(silent, signal)).toBeUndefined();
});

it('keeps nothing that was asked for, however long the signal lives', async () => {
  const { signal } = new AbortController();
  const given: WeakRef<object>[] = [];
  const ask = async (): Promise<void> => {
    const answer = {};
    given.push(new WeakRef(answer));
    await orAborted(Promise.resolve(answer), signal);
  };

  for (let n = 0; n < 100; n++) await ask();
  await turn();
  collect();

  // The last ones may still lie on the stack.
  expect(given.filter((one) => one.deref()).length).toBeLessThan(10);
  expect(signal.aborted).toBe(false);
});
