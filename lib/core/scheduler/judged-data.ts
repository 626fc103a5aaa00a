import { checkData } from '../handlers/data-schema.js';
import type { HandlerPlan } from '../handlers/handler-plan.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { JobRecord } from '../job/job-record.js';

/**
 * Judges data on its way into the store, as JSON will give it back: by the schema of its name, if it has one.
 *
 * @param text - as JSON; `undefined` for no data
 * @returns what there is to wait for, where the schema is async
 * @throws InvalidDataError, or what the schema itself throws; it is thrown at once, or the promise rejects
 */
export function judgeData(
  name: string,
  text: string | undefined,
  { schema }: Pick<HandlerPlan, 'schema'>,
): Promise<unknown> | undefined {
  if (!schema) return undefined;
  const data: unknown = text === undefined ? undefined : JSON.parse(text);
  const judged = checkData(name, schema, data);
  return judged instanceof Promise ? judged : undefined;
}

/**
 * Makes something at once, so that what the caller does to its objects later changes nothing, and gives it out when
 * its data is judged. Where both go wrong, it is the data that was wrong.
 */
export async function onceJudged<T>(judged: Promise<unknown>, make: () => T): Promise<T> {
  let made: T;
  try {
    made = make();
  } catch (error) {
    await judged;
    throw error;
  }
  await judged;
  return made;
}

/** What is known here of the data of names, and how a stored job is found. */
export interface DataJudge {
  readonly handlers: Pick<HandlerRegistry, 'judgesData' | 'knowsData' | 'planFor'>;
  readonly read: (id: string) => Promise<JobRecord | undefined>;
}

/**
 * Judges other data for a stored job, which is read for its name (that of an id does not change), unless this
 * process knows nothing of any data.
 *
 * @param text - as JSON; `undefined` for a change of something else
 * @returns which version of its handler's input it is; `undefined` where that is not known here
 * @throws InvalidDataError, or what the schema itself throws
 */
export async function judgeNewData(
  { handlers, read }: DataJudge,
  id: string,
  text: string | undefined,
): Promise<number | undefined> {
  if (text === undefined || !handlers.judgesData) return undefined;
  const record = await read(id);
  // That it is not there is the store's to say.
  if (!record) return undefined;
  const plan = handlers.planFor(record.name);
  await judgeData(record.name, text, plan);
  return handlers.knowsData(record.name) ? plan.version : undefined;
}
