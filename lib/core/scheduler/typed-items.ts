import type { JobName, JobTyping, TypedName } from '../job/job-types.js';
import type { InputOfAll, Spelled } from '../job/typed-names.js';
import type { JobInput } from './job-options.js';

/** An array is one of these, too; said on its own, the compiler points at the item that is wrong. */
export type Items<Item> = readonly Item[] | Iterable<Item> | AsyncIterable<Item>;

/** What an item may be; that a name may stand in it lets the compiler see which one. */
export type AnyItem = { name?: JobName } | {} | null | undefined;

/** The item as it is, or as it should be: its data is that of its name, where the name has types. */
export type Fitting<Item> = Item extends { name: infer Name extends TypedName }
  ? Item extends TypedInput<Name>
    ? Item
    : TypedInput<Name>
  : WellSpelled<Item>;

type TypedInput<Name> = JobInput<InputOfAll<Name>> & {
  name: Name;
} & (undefined extends InputOfAll<Name> ? unknown : { data: InputOfAll<Name> });

type WellSpelled<Item> = JobTyping extends { strict: true }
  ? Item extends { name: infer Name }
    ? Item extends { name: Spelled<Name> }
      ? Item
      : JobInput & { name: Spelled<Name> }
    : Item
  : Item;
