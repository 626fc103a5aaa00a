import fc from 'fast-check';
import { FirstOf } from '../../../lib/core/query/first-of.js';

const byValue = (a: number, b: number): number => a - b;

it('gives the first of what it was given, in order, whenever they came', () => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 4000, size: 'max' }),
    fc.constantFrom(0, 1, 20, 700, Infinity),
    (values, wanted) => {
      const first = new FirstOf(wanted, byValue);
      for (const value of values) first.add(value);

      expect(first.sorted()).toEqual(values.toSorted(byValue).slice(0, wanted));
    },
  );

  fc.assert(property, { numRuns: 30 });
});
