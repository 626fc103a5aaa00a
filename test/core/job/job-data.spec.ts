import { InvalidJobError } from '../../../lib/core/errors.js';
import { encodeData } from '../../../lib/core/job/job-data.js';

const nested = (levels: number): unknown => (levels === 0 ? null : { in: nested(levels - 1) });

const cyclic: { self?: unknown } = {};
cyclic.self = { list: [cyclic] };

/** As objects of other processes are that are fetched when they are read: it says of nothing that it has it. */
const remote = new Proxy({}, { get: () => () => undefined });

it.each<[string, unknown, path: string]>([
  ['a function', { list: [1, { call: () => 1 }] }, 'data.list[1].call'],
  ['a BigInt', { sum: 1n }, 'data.sum'],
  ['NaN', [0, Number.NaN], 'data[1]'],
  ['a hole', { list: Array(1) }, 'data.list[0]'],
  ['a Map', { a: { map: new Map() } }, 'data.a.map'],
  ['bytes', { bytes: Buffer.from('a') }, 'data.bytes'],
  ['an invalid Date', { at: new Date(Number.NaN) }, 'data.at'],
  ['what `toJSON` makes unfit', { own: { toJSON: () => ({ is: Infinity }) } }, 'data.own.is'],
  ['a proxy that is unfit for JSON', { remote }, 'data.remote'],
  ['a cycle', cyclic, 'data.self.list[0]'],
  ['too many levels', nested(1001), `data${'.in'.repeat(1000)}`],
])('refuses %s, and says where', (_, data, path) => {
  expect(() => encodeData(data)).toThrow(InvalidJobError);
  expect(() => encodeData(data)).toThrow(path);
});

it.each<[string, unknown]>([
  ['literals', [null, true, 'é', -0, 1.5e300]],
  ['what is left out', { kept: 1, left: undefined, [Symbol('left')]: 2 }],
  ['Dates, and what speaks for itself', { at: new Date(0), toJSON: 1, in: { toJSON: () => [1] } }],
  [
    'objects of no class, and of one',
    [
      Object.create(null),
      new (class Point {
        x = 1;
      })(),
    ],
  ],
  ['objects that occur twice', ((one) => [one, one])({ a: 1 })],
  ['as many levels as may be', nested(1000)],
])('writes %s as JSON does', (_, data) => {
  expect(encodeData(data)).toBe(JSON.stringify(data));
});
