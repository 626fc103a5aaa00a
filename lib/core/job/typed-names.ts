import type { Job } from './job.js';
import type { DataOf, InputOf, JobTypes, JobTyping, ResultOf, TypedName } from './job-types.js';
import type { JobVerdict } from './verdict.js';

/*
 * How the names that a call is given decide the types of its other arguments and of its answer.
 *
 * A method that takes a name is declared once, as
 * `verb<Data = unknown, Name extends JobName = string>(name: Spelled<Name>, ...given: Given<Name, Data>)`,
 * and never by an overload for each kind of name: of one signature the compiler tells the mistake alone, of several
 * it tells of all of them. `Data` comes first, so that a caller may say the type of an untyped job's data
 * (`now<MyData>('x', data)`): then `Name` is `string`, and nothing is known of it.
 */

/** A name, or each of a list. */
type One<Names> = Names extends readonly (infer Name)[] ? Name : Names;

/** Those of the names that have types. */
export type Typed<Names> = Extract<One<Names>, TypedName>;

/** One of the names that are declared, each written out in messages. */
type Declared = { [Name in keyof JobTypes]: Name }[keyof JobTypes];

type SpelledStrictly<Name> = Name extends TypedName ? Name : string extends Name ? Name : Declared;

/** A name, or a list of names, as `JobTyping` lets it be written. */
export type Spelled<Names> = JobTyping extends { strict: true }
  ? Names extends readonly (infer Name)[]
    ? readonly SpelledStrictly<Name>[]
    : SpelledStrictly<Names>
  : Names;

/** What fits every one of the names: jobs of several names are added with the same data. */
export type InputOfAll<Names> = (
  Names extends unknown ? (data: InputOf<Names>) => void : never
) extends (data: infer Input) => void
  ? Input
  : never;

/** What follows the names in a call: the data, which may be left out where its type is or may be `undefined`. */
export type Given<Names, Data, Rest extends unknown[] = []> = [Typed<Names>] extends [never]
  ? [data?: Data, ...Rest]
  : undefined extends InputOfAll<Typed<Names>>
    ? [data?: InputOfAll<Typed<Names>>, ...Rest]
    : [data: InputOfAll<Typed<Names>>, ...Rest];

/** The same data where it always has to be said. */
export type GivenData<Name, Data> = [Typed<Name>] extends [never] ? Data : InputOfAll<Typed<Name>>;

/** The data of a stored job of these names: that of the names, or else what the caller says. */
export type StoredData<Names, Data> = [Typed<Names>] extends [never] ? Data : InputOf<One<Names>>;

/** The data that a handler of the name is given: that of the name, or else what the handler says. */
export type HandledData<Name, Data> = [Typed<Name>] extends [never] ? Data : DataOf<Name>;

/** The job that a call answers with, or one for each name of a list. */
export type Added<Names, Data> = Names extends readonly (infer Name)[]
  ? Job<StoredData<Name, Data>, ResultOf<Name>>[]
  : Job<StoredData<Names, Data>, ResultOf<Names>>;

/** What a call answers with that waits for the end of a job: the result of its name, or else what the caller says. */
export type Answer<Name, Result> = unknown extends ResultOf<Name> ? Result : ResultOf<Name>;

/** What a handler may return: anything, unless it is known what its name's handlers return. */
export type Returned<Result> = unknown extends Result
  ? unknown
  : Result | JobVerdict | PromiseLike<Result | JobVerdict>;
