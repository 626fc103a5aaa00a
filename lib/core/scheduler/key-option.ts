import { AgendaError, InvalidOptionError } from '../errors.js';
import type { HandlerPlan } from '../handlers/handler-plan.js';
import { checkText } from '../job/job-id.js';
import { errorOf } from '../job/thrown.js';

/**
 * Which jobs of its name a job shares limits with: as the call says, else as its handler does.
 *
 * @throws InvalidJobError for the key of the call
 * @throws InvalidOptionError naming the handler, when its function throws or answers no key
 */
export function keyOf(
  given: string | undefined,
  name: string,
  data: unknown,
  { key }: Pick<HandlerPlan, 'key'>,
): string | undefined {
  if (given !== undefined) {
    checkText('key', given);
    return given;
  }
  return key && askFor(key, name, data);
}

function askFor(
  key: NonNullable<HandlerPlan['key']>,
  name: string,
  data: unknown,
): string | undefined {
  let answer: unknown;
  try {
    answer = key(data);
    if (answer === undefined) return undefined;
    checkText('key', answer);
    return answer;
  } catch (thrown) {
    const cause = errorOf(thrown);
    const expected = 'a function of the data that answers 1 to 256 bytes of text, or undefined';
    const value = cause instanceof AgendaError ? answer : cause.message;
    throw new InvalidOptionError(`${name}.key`, value, expected, { cause });
  }
}
