import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import { DuplicateTokenError, InvalidOptionError } from '../../../lib/core/errors.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import { HandlerRegistry } from '../../../lib/core/handlers/handler-registry.js';
import { defineJob } from '../../../lib/core/handlers/define-job.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { resolveEngineOptions } from '../../../lib/core/options/resolve-engine-options.js';

const registryWith = (options: EngineOptions = {}) =>
  new HandlerRegistry(resolveEngineOptions(options));

function planWith(options: HandlerOptions) {
  const handlers = registryWith();
  handlers.define('mail', () => undefined, options);
  return handlers.planFor('mail');
}

const step = (data: unknown) => data;
const schema = z.object({ to: z.string() });

/** Which option is named, and in which words, when this is given. */
function mistakeOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof InvalidOptionError) return error.message;
    throw error;
  }
  return 'none';
}

describe('the schema of a name', () => {
  it.each([
    ['zod', z.string()],
    ['valibot', v.string()],
    ['arktype, which makes functions', type('string')],
  ])('may be of %s', (_, ofLibrary) => {
    expect(planWith({ schema: ofLibrary }).schema).toBe(ofLibrary);
  });

  it.each([
    ['text', 'string'],
    ['nothing', null],
    ['an object', { parse: () => undefined }],
    ['another version of the standard', { '~standard': { version: 2, validate: () => ({}) } }],
    ['a schema that cannot validate', { '~standard': { version: 1, vendor: 'x' } }],
  ])('is not %s', (_, value) => {
    const options = { schema: value as unknown as StandardSchemaV1 };

    expect(mistakeOf(() => planWith(options))).toMatch(/`mail\.schema` to be a Standard Schema/);
  });
});

describe('the version of data', () => {
  it.each([1, 2, 32_767])('may be %d', (version) => {
    expect(planWith({ version }).version).toBe(version);
  });

  it('is 1 when nobody says another', () => {
    expect(planWith({}).version).toBe(1);
  });

  it.each([0, 32_768, 1.5, '2', null])('is not %p', (version) => {
    expect(mistakeOf(() => planWith({ version: version as number }))).toMatch(
      /`mail\.version` to be a whole number from 1 to 32767/,
    );
  });
});

describe('steps from older versions', () => {
  it('may begin at any version, and go up to the newest', () => {
    const upcast = { 2: step, 3: step };

    expect(planWith({ version: 4, upcast }).upcast).toBe(upcast);
  });

  it.each<[string, HandlerOptions, RegExp]>([
    ['in a list', { version: 2, upcast: [step] }, /`mail\.upcast` to be an object of functions/],
    ['for 0', { version: 2, upcast: { 0: step } }, /`mail\.upcast\.0` to be left out/],
    ['for 1.5', { version: 2, upcast: { 1.5: step } }, /`mail\.upcast\.1\.5` to be left out/],
    ['for the newest', { version: 2, upcast: { 1: step, 2: step } }, /`mail\.upcast\.2` .* is 2/],
    ['without a version', { upcast: { 1: step } }, /`mail\.upcast\.1` to be left out: .* is 1/],
    ['with a gap', { version: 4, upcast: { 1: step, 3: step } }, /`mail\.upcast\.2` to be a func/],
    ['not to the end', { version: 4, upcast: { 1: step } }, /`mail\.upcast\.2` to be a function/],
    [
      'that are none',
      { version: 2, upcast: { 1: 'x' as never } },
      /`mail\.upcast\.1` to be a function that makes version 2 of version 1/,
    ],
  ])('are refused %s', (_, options, message) => {
    expect(mistakeOf(() => planWith(options))).toMatch(message);
  });

  it('are looked at as a whole where one layer has the steps and another the version', () => {
    const handlers = registryWith({ handlers: { mail: { version: 3 } } });
    const define = () => handlers.define('mail', () => undefined, { upcast: { 1: step } });

    expect(mistakeOf(define)).toMatch(/`mail\.upcast\.2` to be a function/);
    expect(handlers.names()).toEqual([]);
  });
});

describe('what belongs to a name', () => {
  it.each<[string, HandlerOptions]>([
    ['schema', { schema }],
    ['version', { version: 1 }],
    ['upcast', { upcast: {} }],
  ])('is refused for all names: %s', (option, defaults) => {
    const message = mistakeOf(() => resolveEngineOptions({ defaults }));

    expect(message).toContain(`\`defaults.${option}\` to be left out here`);
  });

  it('is checked in `handlers` at once', () => {
    const handlers = { mail: { version: 3, upcast: { 1: step } } };

    expect(mistakeOf(() => resolveEngineOptions({ handlers }))).toMatch(
      /`handlers\.mail\.upcast\.2` to be a function/,
    );
  });

  it('is said by the token, over it by the handler, over that by configuration', () => {
    const [ofToken, ofHandler, configured] = [z.any(), z.any(), z.any()];
    const token = defineJob('mail', { schema: ofToken, version: 2 });
    const schemaOf = (handlers: HandlerRegistry, options: HandlerOptions) => {
      handlers.define(token, () => undefined, options);
      return handlers.planFor('mail').schema;
    };

    const layers = { handlers: { mail: { schema: configured } } };
    expect(schemaOf(registryWith(), {})).toBe(ofToken);
    expect(schemaOf(registryWith(), { schema: ofHandler })).toBe(ofHandler);
    expect(schemaOf(registryWith(layers), { schema: ofHandler })).toBe(configured);
  });
});

describe('a token', () => {
  it('is known without a handler, by whoever adds jobs of it', () => {
    const handlers = registryWith();
    handlers.know(defineJob('mail', { schema, version: 3, key: () => 'k' }));

    expect(handlers.planFor('mail')).toMatchObject({ schema, version: 3 });
    expect(handlers.planFor('mail').key?.({})).toBe('k');
    expect(handlers.judgesData).toBe(true);
  });

  it('is known to a handler that was defined by the bare name before', () => {
    const handlers = registryWith();
    handlers.define('mail', () => undefined, { attempts: 4 });
    handlers.know(defineJob('mail', { version: 3 }));

    expect(handlers.get('mail')?.plan).toMatchObject({ version: 3, attempts: 4 });
    expect(handlers.planFor('mail').version).toBe(3);
  });

  it('may be known twice, and stand beside one without options', () => {
    const handlers = registryWith();
    const token = defineJob('mail', { schema });
    handlers.know(token);
    handlers.know(token);
    handlers.know(defineJob('mail'));

    expect(handlers.planFor('mail').schema).toBe(schema);
  });

  it('is refused beside another one with options of its own', () => {
    const handlers = registryWith();
    handlers.know(defineJob('mail', { schema }));

    expect(() => handlers.know(defineJob('mail', { version: 2 }))).toThrow(DuplicateTokenError);
    expect(handlers.planFor('mail')).toMatchObject({ schema, version: 1 });
  });
});

it.each<[EngineOptions, boolean]>([
  [{}, false],
  [{ handlers: { mail: { attempts: 2 } } }, false],
  [{ handlers: { mail: { version: 2 } } }, true],
  [{ handlers: { mail: { schema } } }, true],
])('knows of the options %j whether any data is to be judged: %p', (options, judges) => {
  expect(registryWith(options).judgesData).toBe(judges);
});
