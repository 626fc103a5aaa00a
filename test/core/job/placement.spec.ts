import { newJobId } from '../../../lib/core/job/job-id.js';
import {
  checksum,
  newIdFor,
  placedId,
  placeOf,
  placeOfId,
  PLACES,
  sharedByKey,
  sharedByName,
} from '../../../lib/core/job/placement.js';
import { dedupeKey, idempotencyKey } from '../../../lib/core/job/unique-key.js';

it.each([
  ['123456789', 0x31c3],
  ['', 0],
  ['foo', 44950],
])('hashes %j as Redis Cluster does', (text, expected) => {
  expect(checksum(text)).toBe(expected);
});

describe('an id', () => {
  it('that is made for what jobs share tells the place of that', () => {
    for (const shared of ['a', sharedByName('mail'), sharedByKey('mail', 'customer-17')]) {
      expect(placeOfId(placedId(shared))).toBe(placeOf(shared));
    }
  });

  it('of a place is as unique as any other, and sorts by birth', () => {
    const ids = Array.from({ length: 1_000 }, () => placedId('shared'));
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.map((id) => id.length)).toEqual(ids.map(() => newJobId().length));
    const births = ids.map((id) => id.slice(0, 8));
    expect([...births].sort()).toEqual(births);
  });

  it('of ours that shares nothing falls anywhere', () => {
    const places = new Set(Array.from({ length: 2_000 }, () => placeOfId(newJobId())));
    expect(Math.min(...places)).toBeLessThan(PLACES / 100);
    expect(Math.max(...places)).toBeGreaterThan(PLACES * 0.99);
    expect(places.size).toBeGreaterThan(1_200);
  });

  it('of a user has the place of its text', () => {
    expect(placeOfId('order-17')).toBe(placeOf('order-17'));
    expect(placeOfId('order-17')).not.toBe(placeOfId('order-18'));
  });
});

describe('a new job', () => {
  const key = 'customer-17';
  const idempotency = { key: 'order-1', release: 'removal', holdMs: 1_000 } as const;
  const dedupe = { key: 'user-1', mode: 'latest' } as const;

  it.each([
    ['its key', { name: 'mail', key }, sharedByKey('mail', key)],
    ['its idempotency key', { name: 'mail', idempotency }, idempotencyKey('mail', 'order-1')],
    ['its dedupe key', { name: 'mail', dedupe }, dedupeKey('mail', dedupe)],
    ['its key first', { name: 'mail', key, idempotency }, sharedByKey('mail', key)],
  ])('has the place of %s', (_, job, shared) => {
    expect(placeOfId(newIdFor(job, false))).toBe(placeOf(shared));
  });

  it('has the place of a name that is held together, whatever else it shares', () => {
    const id = newIdFor({ name: 'mail', key, idempotency }, true);
    expect(placeOfId(id)).toBe(placeOf(sharedByName('mail')));
  });
});
