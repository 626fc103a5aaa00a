import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidOptionError } from '../errors.js';
import { checkVersion } from '../job/data-version.js';
import { pathOf } from '../options/known-keys.js';

/** What the data of one name has to be. It belongs to that name: there is none for all names. */
export interface DataOptions {
  /**
   * What the data has to be: any Standard Schema, such as one of zod, valibot or arktype. It is asked when a job is
   * added or gets other data, and when it is run, both times about the data as JSON gives it back. What it refuses
   * is not added (`InvalidDataError`); a job that is stored already becomes a dead letter with the reason
   * `invalid-data`, without another attempt.
   *
   * Stored is what the caller gave. The handler sees the schema's output as `job.data`.
   */
  schema?: StandardSchemaV1;
  /**
   * Which version of the data this code writes and takes, 1 to 32767. It is stored with the data. A process with an
   * older version puts a newer job off for 30 seconds, again and again, until one that knows it takes it up; no
   * attempt is counted.
   *
   * @default 1
   */
  version?: number;
  /**
   * How stored data of an older version becomes newer: from the version that is the key to the next one. Each step
   * may be async. They run before the schema is asked, and what is stored stays as it is.
   *
   * @example
   * upcast: { 1: ({ name, ...rest }) => ({ ...rest, fullName: name }) }
   */
  upcast?: Upcast;
}

/** By version: what makes data of the next one of it. */
// oxlint-disable-next-line typescript/no-explicit-any -- each version has a type of its own
export type Upcast = Readonly<Record<number, (data: any) => unknown>>;

export const DATA_KEYS: readonly (keyof DataOptions)[] = ['schema', 'version', 'upcast'];

/** What one layer of options says of data; members that it leaves out are `undefined`. */
export interface DataLayer {
  schema?: StandardSchemaV1 | undefined;
  version?: number | undefined;
  upcast?: Upcast | undefined;
}

/**
 * Checks one layer alone, whatever else stands in the object.
 *
 * @throws InvalidOptionError
 */
export function readDataOptions(path: string, options: DataOptions): DataLayer {
  const { schema, version, upcast } = options;
  const read: DataLayer = {
    schema: schema === undefined ? undefined : readSchema(pathOf(path, 'schema'), schema),
    version: version === undefined ? undefined : checkVersion(pathOf(path, 'version'), version),
    upcast: upcast === undefined ? undefined : readUpcast(pathOf(path, 'upcast'), upcast),
  };
  // Of a layer that has steps alone another one says the version.
  if (version !== undefined) expectEveryStep(path, read);
  return read;
}

/** @throws InvalidOptionError */
export function refuseDataOptions(path: string, options: DataOptions): void {
  for (const key of DATA_KEYS) {
    if (options[key] === undefined) continue;
    throw new InvalidOptionError(
      pathOf(path, key),
      key === 'version' ? options[key] : '…',
      'left out here: it belongs to one name, as an option of its handler or token, or in `handlers`',
    );
  }
}

/**
 * Each version from the first one with a step up to the newest has one.
 *
 * @throws InvalidOptionError naming the step
 */
export function expectEveryStep(path: string, { version = 1, upcast = {} }: DataLayer): void {
  const from = Object.keys(upcast).map(Number);
  const newer = from.find((step) => step >= version);
  if (newer !== undefined) {
    const expected = `left out: \`version\` is ${version}, and steps begin below it`;
    throw new InvalidOptionError(stepPath(path, newer), upcast[newer], expected);
  }
  for (let step = Math.min(...from); step < version; step++) {
    if (upcast[step]) continue;
    const expected = `a function that makes version ${step + 1} of version ${step}`;
    throw new InvalidOptionError(stepPath(path, step), undefined, expected);
  }
}

function readSchema(path: string, value: unknown): StandardSchemaV1 {
  const standard = (value as Partial<StandardSchemaV1> | null)?.['~standard'];
  if (standard?.version !== 1 || typeof standard.validate !== 'function') {
    const shown = typeof value === 'object' ? '…' : value;
    const expected =
      'a Standard Schema (version 1), such as a schema of zod 3.24, valibot 1 or arktype 2 or later';
    throw new InvalidOptionError(path, shown, expected);
  }
  return value as StandardSchemaV1;
}

function readUpcast(path: string, value: unknown): Upcast {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const expected = 'an object of functions by version, such as { 1: (data) => … }';
    throw new InvalidOptionError(path, value, expected);
  }
  for (const [step, upcast] of Object.entries(value)) {
    if (!/^[1-9]\d*$/.test(step)) {
      const expected = 'left out: the keys are versions, whole numbers of 1 or more';
      throw new InvalidOptionError(pathOf(path, step), upcast, expected);
    }
    if (typeof upcast !== 'function') {
      const expected = `a function that makes version ${Number(step) + 1} of version ${step}`;
      throw new InvalidOptionError(pathOf(path, step), upcast, expected);
    }
  }
  return value as Upcast;
}

const stepPath = (path: string, step: number): string => pathOf(path, `upcast.${step}`);
