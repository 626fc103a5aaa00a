import { describe, expect, it } from '@jest/globals';
import {
  chosenOf,
  filterOf,
  groupDead,
  readLimit,
  wordsOfAnswer,
  wordsOfFilter,
} from '../../../lib/dashboard/page/views/dead/dead-groups.js';
import { aSummary, at } from './a-job.js';

const dead = (id: string, name: string, deadReason: string, failReason: string, diedAt = 0) =>
  aSummary({ id, name, state: 'dead', deadReason, failReason, failedAt: at(diedAt) });

const any = { name: '', reason: '', olderThan: '' };

describe('dead letters', () => {
  it('are grouped by name and reason, the largest group first, the newest death first in it', () => {
    const groups = groupDead([
      dead('a', 'mail', 'expired', 'late'),
      dead('b', 'charge', 'exhausted', '502', 1),
      dead('c', 'mail', 'exhausted', 'no'),
      dead('d', 'charge', 'exhausted', '503', 3),
      dead('e', 'charge', 'exhausted', '502', 2),
    ]);

    expect(
      groups.map(({ name, reason, jobs }) => [name, reason, jobs.map(({ id }) => id)]),
    ).toEqual([
      ['charge', 'exhausted', ['d', 'e', 'b']],
      ['mail', 'expired', ['a']],
      ['mail', 'exhausted', ['c']],
    ]);
    expect(groups[0]!.messages).toEqual([
      { message: '502', count: 2 },
      { message: '503', count: 1 },
    ]);
  });

  it('are kept apart whatever their names are made of', () => {
    const groups = groupDead([dead('a', 'x","y', 'z', ''), dead('b', 'x', 'y","z', '')]);
    expect(groups).toHaveLength(2);
  });

  it('are chosen by reason and age, the age itself included', () => {
    const jobs = [dead('a', 'mail', 'expired', '', 0), dead('b', 'mail', 'exhausted', '', 1)];
    const now = Date.parse(at(1_000));

    expect(chosenOf(jobs, { ...any, reason: 'expired' }, null, now).map(({ id }) => id)).toEqual([
      'a',
    ]);
    expect(chosenOf(jobs, any, 1_000, now).map(({ id }) => id)).toEqual(['a']);
    expect(chosenOf(jobs, any, 999, now).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('are changed by the filter that is shown, and only all of them when all are meant', () => {
    expect(filterOf(any)).toEqual({ all: true });
    expect(filterOf({ name: 'mail', reason: 'expired', olderThan: '1 hour' })).toEqual({
      names: ['mail'],
      reason: 'expired',
      olderThan: '1 hour',
    });
    expect(wordsOfFilter({ name: 'mail', reason: 'expired', olderThan: '1 hour' })).toBe(
      'dead letters of “mail” with the reason “expired”, dead for 1 hour or longer',
    );
  });

  it('tells of a single one as of one', () => {
    const any = { name: '', reason: '', olderThan: '' };
    expect([wordsOfFilter(any, 1), wordsOfFilter(any, 2)]).toEqual(['dead letter', 'dead letters']);
  });

  it.each([
    ['1', 1],
    ['10,000', 10_000],
    ['0', null],
    ['10001', null],
    ['-1', null],
    ['1.5', null],
    ['', null],
  ])('are changed up to a limit: %j', (text, limit) => {
    expect(readLimit(text)).toBe(limit);
  });

  it('are counted afterwards', () => {
    expect(wordsOfAnswer('purge', { matched: 0, changed: 0, more: false })).toBe(
      'There was nothing to purge.',
    );
    expect(wordsOfAnswer('requeue', { matched: 1, changed: 1, more: false })).toBe(
      'Requeued 1 dead letter.',
    );
    expect(wordsOfAnswer('requeue', { matched: 12, changed: 10, more: false })).toMatch(
      /^Requeued 10 dead letters of 12;/,
    );
  });
});
