import type { Attributes } from '@opentelemetry/api';

/*
 * Names of the semantic conventions for messaging, which are still in development: written out, since the package
 * that lists them changes them with its minor versions. What the conventions have no name for is in a namespace of
 * its own.
 */
export const MESSAGE_ID = 'messaging.message.id';
export const BATCH_COUNT = 'messaging.batch.message_count';
const DESTINATION = 'messaging.destination.name';
export const ERROR_TYPE = 'error.type';
export const ATTEMPT = 'agenda_redis.job.attempt';
export const OUTCOME = 'agenda_redis.job.outcome';

/** What every span and metric says. @param name - of the jobs, if they have one name */
export function messaging(operation: 'send' | 'process', name: string | undefined): Attributes {
  return {
    'messaging.system': 'agenda_redis',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    ...(name !== undefined && { [DESTINATION]: name }),
  };
}
