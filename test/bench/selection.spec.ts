import { chosen } from './selection.js';
import { UsageError } from './usage-error.js';

const CASES = [{ label: 'process, concurrency 1: ours' }, { label: 'add in bulk: ours' }];

describe('what --only chooses', () => {
  it('is everything when it says nothing', () => {
    expect(chosen(CASES, '')).toEqual(CASES);
  });

  it('is what contains its text, whatever the case of its letters', () => {
    expect(chosen(CASES, 'Bulk')).toEqual([CASES[1]]);
  });

  it('must be something: it tells what there is', () => {
    expect(() => chosen(CASES, 'bulck')).toThrow(UsageError);
    expect(() => chosen(CASES, 'bulck')).toThrow(/"bulck"[^]*process, concurrency 1: ours/);
  });
});
