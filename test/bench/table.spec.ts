import { decimals, section, table, times } from './table.js';

describe('a table of the benchmark', () => {
  it('is Markdown that can also be read as it is', () => {
    expect(
      table(
        ['', 'jobs/s'],
        [
          ['ours', '50,000'],
          ['another', undefined],
        ],
      ),
    ).toBe(
      [
        '|         | jobs/s |',
        '|---------|-------:|',
        '| ours    | 50,000 |',
        '| another |      – |',
      ].join('\n'),
    );
  });

  it('stands under its title', () => {
    expect(section('add in bulk', '| a |')).toBe('**add in bulk**\n\n| a |\n');
  });

  it('shows small ratios with more digits', () => {
    expect([times(4.321), times(0.0123), decimals(1.25, 1)]).toEqual(['4.32 ×', '0.012 ×', '1.3']);
  });
});
