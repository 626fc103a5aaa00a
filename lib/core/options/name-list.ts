import { InvalidOptionError } from '../errors.js';
import { nameOf } from '../job/job-types.js';

/** Job names as text; tokens may stand among them. @throws InvalidOptionError */
export function nameList(path: string, value: unknown): readonly string[] {
  const names: unknown = Array.isArray(value) ? value.map(nameOf) : value;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  throw new InvalidOptionError(path, names, 'a list of job names');
}
