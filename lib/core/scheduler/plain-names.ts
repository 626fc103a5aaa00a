import { nameOf } from '../job/job-types.js';

const NAME_KEYS = ['name', 'names', 'notNames'] as const;

type PlainNames<Criteria> = {
  [Key in keyof Criteria]: Key extends 'name'
    ? string | undefined
    : Key extends 'names' | 'notNames'
      ? string[] | undefined
      : Criteria[Key];
};

/** Criteria as the store takes them, with names for tokens. Values that cannot be meant are left to be judged. */
export function plainNames<Criteria>(criteria: Criteria): PlainNames<Criteria> {
  if (typeof criteria !== 'object' || criteria === null) return criteria as PlainNames<Criteria>;
  const plain = { ...criteria } as Record<string, unknown>;
  for (const key of NAME_KEYS) {
    const value = plain[key];
    if (value === undefined) continue;
    plain[key] = Array.isArray(value) ? value.map(nameOf) : nameOf(value as string);
  }
  return plain as PlainNames<Criteria>;
}
