import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type DataIssue, InvalidDataError, InvalidOptionError } from '../errors.js';
import { withoutValues } from './hidden-values.js';

/**
 * What the schema of a name makes of data: at once, or later where the schema is async.
 *
 * @throws InvalidDataError with all that is wrong; what the schema itself throws
 * @throws InvalidOptionError for a schema whose answer is none
 */
export function checkData(name: string, schema: StandardSchemaV1, value: unknown): unknown {
  const answer: unknown = schema['~standard'].validate(value);
  return isPromise(answer)
    ? Promise.resolve(answer).then((later) => outputOf(name, value, later))
    : outputOf(name, value, answer);
}

function outputOf(name: string, data: unknown, answer: unknown): unknown {
  if (!isAnswer(answer)) {
    const expected = 'a schema that answers with `value` or with a list of `issues`';
    throw new InvalidOptionError(`${name}.schema`, '…', expected);
  }
  if (!answer.issues) return answer.value;
  throw new InvalidDataError(
    name,
    Array.from(answer.issues, (issue) => dataIssue(issue, data)),
  );
}

function isAnswer(answer: unknown): answer is StandardSchemaV1.Result<unknown> {
  if (typeof answer !== 'object' || answer === null) return false;
  const { issues } = answer as { issues?: unknown };
  return issues ? Array.isArray(issues) : 'value' in answer;
}

// Not by `map`: libraries answer with arrays of classes of their own, which it would make more of.
function dataIssue({ message, path = [] }: StandardSchemaV1.Issue, data: unknown): DataIssue {
  const keys = Array.from(path, (part) => (typeof part === 'object' ? part.key : part));
  return { path: keys.reduce(pathTo, ''), message: withoutValues(message, valueAt(data, keys)) };
}

/** Such as `items[2].price`. */
function pathTo(above: string, key: PropertyKey): string {
  if (typeof key === 'number') return `${above}[${key}]`;
  if (typeof key === 'symbol') return `${above}[${String(key)}]`;
  if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key)) return `${above}[${JSON.stringify(key)}]`;
  return above === '' ? key : `${above}.${key}`;
}

function valueAt(data: unknown, keys: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { then?: unknown }).then === 'function';
