import type { StandardSchemaV1 } from '@standard-schema/spec';
import { checkText } from '../job/job-id.js';
import { JobToken, type JobTokenOptions } from '../job/job-token.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { DATA_KEYS } from './data-options.js';
import { readHandlerOptions } from './handler-plan.js';

const KEYS: readonly (keyof JobTokenOptions)[] = [...DATA_KEYS, 'key'];

/**
 * A token of a job: its name, with the types of its data and of its handler's result. With a `schema` the types of
 * the data are the schema's: its input for adding, its output for handling.
 *
 * Of one name there is one token in a process, made where all who use it can import it.
 *
 * @throws InvalidJobError for a name that no job can have
 * @throws InvalidOptionError
 *
 * @example
 * export const sendWelcome = defineJob<{ userId: string }>('send-welcome');
 * export const render = defineJob('render', { schema: z.object({ page: z.number() }) });
 *
 * await scheduler.now(sendWelcome, { userId: '7' });
 */
export function defineJob<Schema extends StandardSchemaV1>(
  name: string,
  options: JobTokenOptions<StandardSchemaV1.InferInput<Schema>> & { schema: Schema },
): JobToken<StandardSchemaV1.InferOutput<Schema>, unknown, StandardSchemaV1.InferInput<Schema>>;
export function defineJob<Data = unknown, Result = unknown, Input = Data>(
  name: string,
  options?: JobTokenOptions<Input> & { schema?: StandardSchemaV1<Input, Data> },
): JobToken<Data, Result, Input>;
export function defineJob(name: string, options: JobTokenOptions = {}): JobToken {
  checkText('name', name);
  checkKnownKeys(name, options, KEYS);
  readHandlerOptions(name, options);
  return new JobToken(name, Object.freeze({ ...options }));
}
