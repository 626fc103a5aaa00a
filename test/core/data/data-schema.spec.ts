import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import { InvalidDataError, InvalidOptionError } from '../../../lib/core/errors.js';
import { checkData } from '../../../lib/core/handlers/data-schema.js';

const check = (schema: StandardSchemaV1, data: unknown) => checkData('order', schema, data);

/** What is wrong with it, by the error that it is refused with. */
async function issuesOf(schema: StandardSchemaV1, data: unknown) {
  const error = await refusalOf(schema, data);
  return error.issues.map(({ path }) => path);
}

async function refusalOf(schema: StandardSchemaV1, data: unknown): Promise<InvalidDataError> {
  try {
    await check(schema, data);
  } catch (error) {
    if (error instanceof InvalidDataError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

/** The same demands in the words of each library. */
const orders: [library: string, StandardSchemaV1][] = [
  ['zod', z.object({ items: z.array(z.object({ price: z.number().positive() })).min(1) })],
  [
    'valibot',
    v.object({
      items: v.pipe(
        v.array(v.object({ price: v.pipe(v.number(), v.minValue(0.01)) })),
        v.minLength(1),
      ),
    }),
  ],
  ['arktype', type({ items: type({ price: 'number > 0' }).array().atLeastLength(1) })],
];

describe.each(orders)('a schema of %s', (_library, schema) => {
  it('lets data through at once', () => {
    expect(check(schema, { items: [{ price: 3 }] })).toEqual({ items: [{ price: 3 }] });
  });

  it('tells each thing that is wrong, and where', async () => {
    const items = [{ price: 1 }, { price: 'free' }, {}];

    expect(await issuesOf(schema, { items })).toEqual(['items[1].price', 'items[2].price']);
    expect(await issuesOf(schema, { items: [] })).toEqual(['items']);
    expect(await issuesOf(schema, undefined)).toEqual(['']);
  });

  it('is not quoted with the data that it refuses', async () => {
    const { message } = await refusalOf(schema, { items: [{ price: 'my-secret' }] });

    expect(message).toMatch(/^The data of "order" is not valid: items\[0\]\.price:? ./);
    expect(message).not.toContain('my-secret');
  });
});

const sizes: [library: string, StandardSchemaV1][] = [
  ['zod', z.string().transform((text) => text.length)],
  [
    'valibot',
    v.pipe(
      v.string(),
      v.transform((text) => text.length),
    ),
  ],
  ['arktype', type('string').pipe((text) => text.length)],
];

it.each(sizes)('answers what a transform of %s makes of it', (_library, schema) => {
  expect(check(schema, 'four')).toBe(4);
});

const taken: [library: string, StandardSchemaV1][] = [
  ['zod', z.string().refine(async (name) => name !== 'ada')],
  [
    'valibot',
    v.pipeAsync(
      v.string(),
      v.checkAsync(async (name) => name !== 'ada'),
    ),
  ],
];

it.each(taken)('waits for an async refinement of %s', async (_library, schema) => {
  const answer = check(schema, 'grace');

  expect(answer).toBeInstanceOf(Promise);
  expect(await answer).toBe('grace');
  expect(await issuesOf(schema, 'ada')).toEqual(['']);
});

it('fills in defaults, and makes Dates of texts', () => {
  const schema = z.object({ at: z.coerce.date(), locale: z.string().default('en') });

  expect(check(schema, { at: '2026-03-04T10:00:00.000Z' })).toEqual({
    at: new Date('2026-03-04T10:00:00.000Z'),
    locale: 'en',
  });
});

/** A schema that answers so, whatever it is asked. */
const answering = (answer: unknown): StandardSchemaV1 => ({
  '~standard': { version: 1, vendor: 'test', validate: () => answer as never },
});

it.each([
  [['a', 'b', 2, 'c'], 'a.b[2].c'],
  [[0, 'price'], '[0].price'],
  [['given name', 'größe'], '["given name"].größe'],
  [['0'], '["0"]'],
  [[{ key: 'items' }, { key: 2 }], 'items[2]'],
  [['a', Symbol('b')], 'a[Symbol(b)]'],
  [undefined, ''],
])('writes the path %j as %s', async (path, text) => {
  const schema = answering({ issues: [{ message: 'wrong', path }] });

  expect(await issuesOf(schema, {})).toEqual([text]);
});

it('tells the first twenty of many issues, and how many there are', async () => {
  const schema = answering({
    issues: Array.from({ length: 23 }, (_, i) => ({ message: `wrong ${i}` })),
  });
  const error = await refusalOf(schema, {});

  expect(error.issues).toHaveLength(23);
  expect(error.message).toMatch(/wrong 19; and 3 more$/);
});

it('refuses data also when the schema does not say why', async () => {
  const error = await refusalOf(answering({ issues: [] }), {});

  expect(error.message).toBe('The data of "order" is not valid: its schema does not say why');
});

it.each([undefined, null, true, 'ok', {}, { issues: 'none' }])(
  'takes the answer %j for a mistake of the schema, and not for valid data',
  async (answer) => {
    expect(() => check(answering(answer), {})).toThrow(InvalidOptionError);
    expect(() => check(answering(answer), {})).toThrow(/`order\.schema`/);
    await expect(check(answering(Promise.resolve(answer)), {})).rejects.toThrow(InvalidOptionError);
  },
);

it('passes on what the schema itself throws, now or later', async () => {
  const mistake = new TypeError('no such thing');
  const throwing = v.pipe(
    v.string(),
    v.transform((): string => {
      throw mistake;
    }),
  );

  expect(() => check(throwing, 'x')).toThrow(mistake);
  await expect(check(answering(Promise.reject(mistake)), {})).rejects.toBe(mistake);
});
