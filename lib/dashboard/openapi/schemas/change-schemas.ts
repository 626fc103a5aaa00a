import type {
  AddBody,
  BulkAnswer,
  BulkBody,
  CancelBody,
  Changed,
  ChangeScheduleBody,
  DeadAnswer,
  DeadBody,
  PauseBody,
  RequeueBody,
  RescheduleBody,
  Switched,
  UpdateBody,
} from '../../api/index.js';
import {
  anything,
  count,
  described,
  flag,
  listOf,
  number,
  objectOf,
  oneOf,
  text,
  type Schema,
} from '../schema.js';

const runAt = described(text, 'An instant, or words such as `in 5 minutes`.');

export const CHANGE_SCHEMAS: Readonly<Record<string, Schema>> = {
  EmptyBody: objectOf<object>({}),
  Changed: objectOf<Changed>({
    id: text,
    outcome: described(text, 'As the scheduler words it, such as `ok`, `kept-for-next`.'),
  }),
  AddBody: objectOf<AddBody>({ name: text, data: anything, runAt, priority: number }, [
    'data',
    'runAt',
    'priority',
  ]),
  RequeueBody: objectOf<RequeueBody>(
    {
      data: described(
        anything,
        'In place of its data. The mask, where it was shown, keeps the value that is there.',
      ),
      runAt,
      resetAttempts: { ...flag, default: true },
    },
    ['data', 'runAt', 'resetAttempts'],
  ),
  CancelBody: objectOf<CancelBody>({ reason: text }, ['reason']),
  UpdateBody: objectOf<UpdateBody>({ data: anything, priority: number }, ['data', 'priority']),
  RescheduleBody: objectOf<RescheduleBody>({ runAt }),
  ChangeScheduleBody: objectOf<ChangeScheduleBody>(
    {
      interval: described(text, 'An interval or a cron rule.'),
      timezone: described(text, 'IANA name. Left out: as it was.'),
    },
    ['timezone'],
  ),
  BulkBody: objectOf<BulkBody>({
    action: oneOf('requeue', 'promote', 'cancel', 'disable', 'enable', 'remove'),
    ids: { ...listOf(text), minItems: 1, maxItems: 200 },
  }),
  BulkAnswer: objectOf<BulkAnswer>({
    done: count,
    refused: listOf(objectOf<BulkAnswer['refused'][number]>({ id: text, why: text })),
  }),
  PauseBody: objectOf<PauseBody>({ reason: text }, ['reason']),
  Switched: objectOf<Switched>({
    changed: described(flag, 'Whether there was something to change.'),
  }),
  DeadBody: objectOf<DeadBody>(
    {
      names: { ...listOf(text), minItems: 1, maxItems: 200 },
      reason: text,
      olderThan: described(
        { type: ['number', 'string'] },
        'ms since they died, or words such as `1 hour`.',
      ),
      all: described({ const: true }, 'In place of all others: every dead letter.'),
      limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 1_000 },
    },
    ['names', 'reason', 'olderThan', 'all', 'limit'],
  ),
  DeadAnswer: objectOf<DeadAnswer>({
    matched: count,
    changed: count,
    more: described(flag, 'Whether the limit was met.'),
  }),
};
