import type { SettleAnswer } from '../../../lib/core/contracts/job-broker.js';
import { BackendClosedError, BackendFullError, ConnectionError } from '../../../lib/core/errors.js';
import { type Settled, Settler } from '../../../lib/core/worker/settler.js';
import { isSpoiledBy } from '../../../lib/core/worker/spoiled.js';

const accepted: string[] = [];
const dropped: string[] = [];
let settler: Settler;
beforeEach(() => {
  accepted.splice(0);
  dropped.splice(0);
  settler = new Settler({
    accepted: ({ record }) => accepted.push(record.id),
    refused: () => {},
    dropped: ({ record }) => dropped.push(record.id),
  });
});

const ended = (id: string): Settled =>
  ({ record: { id }, settlement: { kind: 'release', lease: { id } } }) as Settled;

/** Sends until nothing waits, to a store that throws as soon as a batch holds what it cannot take. */
function sendAll(throwsAt: (ids: string[], withClaim: boolean) => boolean): number {
  let calls = 0;
  while (settler.waiting > 0) {
    calls += 1;
    const withClaim = !settler.isSifting;
    const batch = settler.take();
    if (throwsAt(idsOf(batch), withClaim))
      settler.spoiled(batch, new Error('ERR in a script'), withClaim);
    else
      settler.answered(
        batch,
        batch.map((): SettleAnswer => 'ok'),
        false,
      );
  }
  return calls;
}

it('sends 100 plain ends in a call, and of those that rewrite records 40', () => {
  const plain = (id: string): Settled =>
    ({ record: { id }, settlement: { kind: 'completed', lease: { id } } }) as Settled;
  for (let n = 0; n < 120; n++) settler.put(plain(`plain-${n}`));
  for (let n = 0; n < 60; n++) settler.put(ended(`released-${n}`));

  const sizes = [settler.take(), settler.take(), settler.take()].map(({ length }) => length);

  expect(sizes).toEqual([100, 20 + 40, 20]);
});

const idsOf = (batch: readonly Settled[]): string[] => batch.map(({ record }) => record.id);

it('finds the one settlement that the store cannot take, drops it, and sends all others', () => {
  for (let n = 0; n < 250; n++) settler.put(ended(`job-${n}`));

  const calls = sendAll((ids) => ids.includes('job-73'));

  expect(dropped).toEqual(['job-73']);
  expect(accepted).toHaveLength(249);
  expect(new Set(accepted).size).toBe(249);
  expect(calls).toBeLessThan(40);
  expect(settler.unanswered).toBe(0);
  expect(settler.isSifting).toBe(false);
});

it('drops nothing when it is the claim of the call that the store cannot take', () => {
  for (let n = 0; n < 3; n++) settler.put(ended(`job-${n}`));

  sendAll((_, withClaim) => withClaim);

  expect(accepted.toSorted()).toEqual(['job-0', 'job-1', 'job-2']);
  expect(dropped).toEqual([]);
});

it.each([
  ['a lost connection', new ConnectionError('away', false), false],
  ['a full store', new BackendFullError('full'), false],
  ['a closed backend', new BackendClosedError(), false],
  ['a script that fails', new Error('ERR user_script:12: attempt to index a nil value'), true],
])('takes %s for what it is', (_, error, spoiled) => {
  expect(isSpoiledBy(error)).toBe(spoiled);
});
