import { nameOf } from '../job/job-types.js';
import { textList } from './checks.js';

/** Job names as text; tokens may stand among them. @throws InvalidOptionError */
export function nameList(path: string, value: unknown): readonly string[] {
  return textList(path, Array.isArray(value) ? value.map(nameOf) : value);
}
