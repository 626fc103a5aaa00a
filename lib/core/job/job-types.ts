import { JobToken } from './job-token.js';

/*
 * What the names of jobs say of their data. Two ways, and both may be used at once: names that an application
 * declares below, and tokens (`defineJob`), which carry their types along. Every other name is untyped: its data
 * is what the caller says it is.
 */

/**
 * The data of jobs by name, declared by the application: by declaration merging, wherever it likes. A job without
 * data is `undefined`.
 *
 * @example
 * declare module 'nestjs-agenda-redis' {
 *   interface JobTypes {
 *     'send-welcome': { userId: string };
 *     'sweep': undefined;
 *   }
 * }
 */
export interface JobTypes {}

/**
 * What the handlers of jobs return, by name, declared like {@link JobTypes}; names that are left out return anything.
 *
 * @example
 * declare module 'nestjs-agenda-redis' {
 *   interface JobResults {
 *     render: { url: string };
 *   }
 * }
 */
export interface JobResults {}

/**
 * How strict types are, declared like {@link JobTypes}: with `strict: true` a name that is written out and stands
 * not in `JobTypes` does not compile. One whose type is `string` does.
 *
 * @example
 * declare module 'nestjs-agenda-redis' {
 *   interface JobTyping {
 *     strict: true;
 *   }
 * }
 */
export interface JobTyping {}

// oxlint-disable-next-line typescript/no-explicit-any -- of whatever types
export type AnyJobToken = JobToken<any, any, any>;

/** A name that {@link JobTypes} declares. */
// oxlint-disable-next-line typescript/no-redundant-type-constituents -- here it is empty
export type KnownJobName = keyof JobTypes & string;

/** A name that has types. */
// oxlint-disable-next-line typescript/no-redundant-type-constituents -- as above
export type TypedName = KnownJobName | AnyJobToken;

/** What names a job: text, or a token. Editors propose the names that are known. */
// oxlint-disable-next-line typescript/no-redundant-type-constituents -- as above
export type JobName = KnownJobName | (string & {}) | AnyJobToken;

/** The data that a handler of this name sees; `unknown` of an untyped name. */
export type DataOf<Name> =
  Name extends JobToken<infer Data, unknown, never>
    ? Data
    : Name extends keyof JobTypes
      ? JobTypes[Name]
      : unknown;

/** The data that jobs of this name are added with; another than {@link DataOf} where a schema changes it. */
export type InputOf<Name> =
  // oxlint-disable-next-line typescript/no-explicit-any -- of whatever types
  Name extends JobToken<any, any, infer Input> ? Input : DataOf<Name>;

/** What a handler of this name returns; `unknown` of a name for which nobody said it. */
export type ResultOf<Name> =
  Name extends JobToken<unknown, infer Result, never>
    ? Result
    : Name extends keyof JobResults
      ? JobResults[Name]
      : unknown;

/** The name as it was written, for messages, keys and the store. */
export function nameOf(name: JobName): string {
  return name instanceof JobToken ? name.name : name;
}
