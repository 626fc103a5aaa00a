import { describe, expect, it } from '@jest/globals';
import { trailTo } from '../../../lib/dashboard/page/views/jobs/trail.js';

describe('the way back through pages', () => {
  it('grows with each page and shrinks on the way back', () => {
    const second = trailTo([], '', 'b');
    const third = trailTo(second, 'b', 'c');

    expect(third).toEqual(['', 'b']);
    expect(trailTo(third, 'c', 'b')).toEqual(['']);
  });

  it('is empty on the first page, however it was reached', () => {
    expect(trailTo(['', 'b', 'c'], 'd', '')).toEqual([]);
  });

  it('stays while the page does', () => {
    expect(trailTo(['', 'b'], 'c', 'c')).toEqual(['', 'b']);
  });
});
