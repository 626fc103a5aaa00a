import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readJson } from '../../../lib/dashboard/page/json/json-fault.js';
import { previewOf } from '../../../lib/dashboard/page/json/json-shape.js';

const faultOf = (text: string) => {
  const reading = readJson(text);
  if (!('fault' in reading)) throw new Error(`${text} is JSON`);
  return reading.fault;
};

describe('JSON that a person has edited', () => {
  it('is read as it is', () => {
    expect(readJson('{ "a": [1, true, null, "x"] }')).toEqual({
      value: { a: [1, true, null, 'x'] },
    });
  });

  it.each([
    ['{\n  "to": "a",\n  "cc" "b"\n}', 3, 8, /Expected `:` after the name/],
    ['{\n  "to": "a"\n  "cc": "b"\n}', 3, 3, /Expected `,` or `}`/],
    ['{ "to": "a", }', 1, 14, /comma must not stand before `}`/],
    ['[1, 2, ]', 1, 8, /comma must not stand before `\]`/],
    ["{ 'to': 1 }", 1, 3, /in double quotes, found `'`/],
    ['{ "to": undefined }', 1, 9, /`undefined` is no JSON value/],
    ['{ "to": 01 }', 1, 9, /`01` is no JSON value/],
    ['{ "to": "a\nb" }', 1, 11, /line break/],
    ['{ "to": "a\\x" }', 1, 11, /After `\\`/],
    ['{ "to": "a }', 1, 9, /no closing `"`/],
    ['{ "to": [1, 2', 1, 14, /ends too early: `]` is missing/],
    ['{} {}', 1, 4, /has ended/],
    ["['a']", 1, 2, /found `'`. Texts stand in double quotes/],
    ['', 1, 1, /A value is missing/],
    ['[1, ] ]', 1, 5, /comma must not stand/],
  ])('tells the place and the fault of %j', (text, line, column, message) => {
    expect(faultOf(text)).toMatchObject({ line, column, message: expect.stringMatching(message) });
  });

  it('finds a fault in every text that the browser refuses, at a place within it', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      'null',
      ' ',
      '\n',
      '\\',
      'é',
    );
    const texts = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        const reading = readJson(text);
        if ('value' in reading) return;
        expect(reading.fault.message).not.toBe('This is no JSON.');
        expect(reading.fault.offset).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('survives any depth', () => {
    expect(faultOf(`${'['.repeat(200_000)}x`)).toMatchObject({ offset: 200_000 });
  });
});

describe('a closed value', () => {
  it.each([
    [{}, '{}'],
    [[], '[]'],
    [{ a: 1, b: 'x', c: { d: 1 }, e: [] }, '{ a: 1, b: "x", c: {…}, e: [] }'],
    [[1, null, false], '[ 1, null, false ]'],
    [{ ['k'.repeat(80)]: 1 }, '{ 1 property }'],
    [{ a: 1, ['k'.repeat(80)]: 1 }, '{ a: 1, … 1 more }'],
    [['x'.repeat(40)], `[ "${'x'.repeat(24)}…" ]`],
  ])('tells what it holds: %j', (value, preview) => {
    expect(previewOf(value)).toBe(preview);
  });
});
