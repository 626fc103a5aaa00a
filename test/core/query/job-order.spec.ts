import fc from 'fast-check';
import { compareTexts } from '../../../lib/core/query/job-order.js';

const text = fc.string({ unit: 'binary', maxLength: 5 });

it('compares texts by their bytes of UTF-8, as Redis does', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareTexts(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    {
      examples: [
        ['\uffee', '🚀'],
        ['a', 'ä'],
        ['', 'a'],
      ],
    },
  );
});
