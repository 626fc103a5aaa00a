import { describe, expect, it } from '@jest/globals';
import { remainingOf } from '../../../lib/dashboard/page/views/hosts/remaining.js';
import { readPriority } from '../../../lib/dashboard/page/views/job/priority.js';
import { shareOf } from '../../../lib/dashboard/page/views/job/progress.js';
import { at } from './a-job.js';

describe('the rest of a lease', () => {
  const left = (ms: number) => remainingOf(at(30_000), Date.parse(at(30_000 - ms)));

  it('counts down in whole seconds, warns, and says when it is over', () => {
    expect(left(29_001)).toEqual({ text: '30 s', tone: 'good' });
    expect(left(5_001)).toEqual({ text: '6 s', tone: 'good' });
    expect(left(5_000)).toEqual({ text: '5 s', tone: 'low' });
    expect(left(1)).toEqual({ text: '1 s', tone: 'low' });
    expect(left(0)).toEqual({ text: 'run out', tone: 'over' });
    expect(remainingOf(null, 0)).toEqual({ text: 'not renewed', tone: 'none' });
  });
});

describe('progress', () => {
  it.each<[unknown, number | null]>([
    [0, 0],
    [50, 0.5],
    [100, 1],
    [101, null],
    [-1, null],
    [{ percent: 25 }, 0.25],
    [{ done: 1, of: 4, step: 'reading' }, 0.25],
    [{ done: 3, total: 4 }, 0.75],
    [{ done: 1, of: 0 }, null],
    [{ done: '1', of: 2 }, null],
    ['half', null],
    [null, null],
  ])('of %j is shown as a bar where it is understood', (progress, share) => {
    expect(shareOf(progress)).toBe(share);
  });
});

describe('a priority that is typed', () => {
  it.each<[string, object]>([
    ['10', { value: 10 }],
    [' -5 ', { value: -5 }],
    ['−5', { value: -5 }],
    ['', { value: undefined }],
    ['high', { error: expect.any(String) }],
    ['1.5', { error: expect.any(String) }],
    ['1e3', { error: expect.any(String) }],
  ])('%j is read', (text, reading) => {
    expect(readPriority(text)).toEqual(reading);
  });
});
