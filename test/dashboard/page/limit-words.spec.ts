import { expect, it } from '@jest/globals';
import { limitWords } from '../../../lib/dashboard/page/views/name/limit-words.js';

it.each([
  ['globalConcurrency', 20, '20 at once, in all processes'],
  ['rateLimit', { max: 100, per: 60_000 }, '100 starts in 1 min'],
  [
    'keyRateLimit',
    { max: 1, per: 1_000, spread: true },
    '1 start in 1 s, evenly spread of each key',
  ],
  ['keyOrder', 'fifo', 'One at a time of each key, in their order'],
  ['later', { much: 1 }, 'later: {"much":1}'],
])('words the limit %s %j', (key, value, words) => {
  expect(limitWords(key, value)).toBe(words);
});
