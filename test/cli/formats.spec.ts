import { clockText, zonedText } from '../../lib/cli/format/clock-text.js';
import { plainLines, plainText, withoutPasswords } from '../../lib/cli/format/plain-text.js';
import { spanText } from '../../lib/cli/format/span-text.js';
import { styleOf } from '../../lib/cli/format/style.js';
import { tableLines } from '../../lib/cli/format/table.js';
import { cutToWidth, textWidth } from '../../lib/cli/format/text-width.js';
import type { Screen } from '../../lib/cli/command.js';

const plain = styleOf({ screen: undefined });

it.each([
  [0, '0ms'],
  [999, '999ms'],
  [1_000, '1.0s'],
  [9_999, '9.9s'],
  [10_000, '10s'],
  [59_999, '59s'],
  [60_000, '1m 00s'],
  [3_599_999, '59m 59s'],
  [3_600_000, '1h 00m'],
  [86_400_000, '1d 00h'],
])('tells %i ms as %s', (ms, text) => {
  expect(spanText(ms)).toBe(text);
});

it.each([
  ['abc', 3],
  ['漢字', 4],
  ['e\u0301', 1],
  ['🚀', 2],
  ['', 0],
])('knows how many cells "%s" takes', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

it('cuts no character in half', () => {
  expect(cutToWidth('漢字漢字', 6)).toBe('漢字…');
  expect(cutToWidth('abcdef', 6)).toBe('abcdef');
  expect(cutToWidth('abcdefg', 6)).toBe('abcde…');
});

it('spells out control characters, and keeps the lines of stacks', () => {
  expect(plainText('a\u001b[31m\n\u009b\u2028\ud800b')).toBe(
    'a\\u001b[31m\\n\\u009b\\u2028\\ud800b',
  );
  expect(plainLines('a\n\tb\u001b\r')).toBe('a\n\tb\\u001b\\r');
});

it('leaves the passwords of urls out', () => {
  expect(withoutPasswords('at redis://u:p@ss@host:1/0, rediss://:p@h')).toBe(
    'at redis://u:***@host:1/0, rediss://:***@h',
  );
});

describe('a table', () => {
  const columns = [
    { title: 'ID' },
    { title: 'NAME', mayShrink: true },
    { title: 'N', isNumber: true, mayGo: true },
  ];
  const rows = [
    ['1', 'short', '1'],
    ['22', 'a name that is long indeed', '1000'],
  ];

  it('lines up its columns, numbers to the right', () => {
    expect(tableLines(columns, rows, plain)).toEqual([
      'ID  NAME                           N',
      '1   short                          1',
      '22  a name that is long indeed  1000',
    ]);
  });

  it('cuts what may be cut to fit the screen', () => {
    const lines = tableLines(columns, rows, plain, 24);
    expect(lines[2]).toBe('22  a name that i…  1000');
    expect(lines.every((line) => textWidth(line) <= 24)).toBe(true);
  });

  it('leaves a column out where cutting is not enough', () => {
    expect(tableLines(columns, rows, plain, 14)).toEqual([
      'ID  NAME',
      '1   short',
      '22  a name th…',
    ]);
  });

  it('has as many rows as there are', () => {
    const many = Array.from({ length: 200_000 }, () => ['1', 'name', '1']);
    expect(tableLines(columns, many, plain)).toHaveLength(200_001);
  });

  it('never cuts an id', () => {
    expect(tableLines(columns, rows, plain, 3)[2]).toMatch(/^22 {2}/);
  });
});

it('colours for a screen that has colours alone', () => {
  const screen = { hasColours: true } as Screen;
  expect(styleOf({ screen })('x', 'red')).toBe('\u001b[31mx\u001b[0m');
  expect(styleOf({ screen: { ...screen, hasColours: false } })('x', 'red')).toBe('x');
  expect(plain('x', 'red')).toBe('x');
});

it('tells times with their zone where it is not that of this machine', () => {
  const at = new Date('2026-03-29T00:30:00Z');
  expect(clockText({ utc: true })(at)).toBe('2026-03-29 00:30:00Z');
  expect(clockText({})(null)).toBe('-');
  expect(zonedText(at, 'Europe/Paris')).toBe('Sun 2026-03-29 01:30 CET');
  expect(zonedText(new Date('2026-03-29T01:30:05Z'), 'Europe/Paris')).toBe(
    'Sun 2026-03-29 03:30:05 CEST',
  );
});
