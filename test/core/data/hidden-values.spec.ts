import { withoutValues } from '../../../lib/core/handlers/hidden-values.js';

it.each([
  ['must be an email address (was "hunter2")', 'hunter2', 'must be an email address (was …)'],
  ["expected a url, got 'hunter2'", 'hunter2', 'expected a url, got …'],
  ['hunter2 is too short, HUNTER2!', ' Hunter2 ', '… is too short, …!'],
  ['must be a word (was "a")', 'a', 'must be a word (was …)'],
  ['got "say \\"hi\\""', 'say "hi"', 'got …'],
  ['must be at most 5 (was 12)', 12, 'must be at most 5 (was …)'],
  ['must be more than 5 (was 5)', 5, 'must be more than 5 (was …)'],
  ['at most 1234 or 12.5', 12, 'at most 1234 or 12.5'],
  ['received {"pin":"hunter2","n":1}', { pin: 'hunter2', n: 1 }, 'received {"pin":…,"n":…}'],
  ['a.b*c(d) is wrong', 'a.b*c(d)', '… is wrong'],
  ['İzmir, ΣΟΦΙΑ is wrong', 'σοφια', 'İzmir, … is wrong'],
  ['got -0.5 and 1e+21', [-0.5, 1e21], 'got … and …'],
  ['secret-and-more', { a: 'secret', b: 'secret-and-more' }, '…'],
])('says %j of %j as %j', (message, value, told) => {
  expect(withoutValues(message, value)).toBe(told);
});

it.each([
  ['Invalid input: expected string, received undefined', undefined],
  ['must be a string (was null)', null],
  ['must be true (was false)', false],
  ['must be a word', ''],
  ['expected a text', 'a'],
])('leaves %j as it is', (message, value) => {
  expect(withoutValues(message, value)).toBe(message);
});

it('looks for large texts too', () => {
  const large = 'Hunter2 '.repeat(32_000).trim();

  expect(withoutValues(`must be short (was "${large}")`, large)).toBe('must be short (was …)');
  expect(withoutValues(`got ${large.toUpperCase()}!`, { large })).toBe('got …!');
  expect(withoutValues('must be short', large)).toBe('must be short');
});

it('does not look through all of a huge value', () => {
  const huge = { list: Array.from({ length: 100_000 }, (_, i) => `value-${i}`) };

  expect(withoutValues('value-0 is wrong', huge)).toBe('… is wrong');
});
