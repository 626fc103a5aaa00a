import {
  type CancelNotification,
  JOB_STATE_TYPES,
  type JobNotification,
  type JobStateNotification,
  type JobStateType,
} from '../core/contracts/notification-channel.js';
import { randomToken, toJobId } from '../core/job/job-id.js';

/*
 * News as it travels: one JSON object a message. Pub/Sub knows neither databases nor prefixes, so each
 * message names both, and who sends it. Scripts write such messages, too; those of other applications
 * on the same channel, and what is no message at all, are dropped.
 */

/** A message that names us as its receiver. */
export type Message = Record<string, unknown>;

const STATE_TYPES: readonly unknown[] = JOB_STATE_TYPES;
const STATE_DATES = ['retryAt', 'lastRunAt', 'lastFinishedAt'] as const;
const STATE_NUMBERS = ['progress', 'failCount', 'retryAttempt', 'duration'] as const;

/** Unique among living processes. */
export const newSender = (): string => randomToken().slice(0, 12);

/** The beginning of a message, JSON without its end. */
export function messageHead(
  keyPrefix: string,
  database: number,
  sender: string,
  partition?: number,
): string {
  const where = partition === undefined ? '' : `,"partition":${partition}`;
  return `{"prefix":${JSON.stringify(keyPrefix)},"database":${database},"sender":"${sender}"${where}`;
}

export function encodeNews(head: string, notification: JobNotification): string {
  const { jobId, jobName, nextRunAt, priority, timestamp, source } = notification;
  return message(head, { jobId, jobName, nextRunAt, priority, timestamp, source });
}

export function encodeStates(head: string, states: readonly JobStateNotification[]): string {
  return message(head, { states });
}

/** The message, if it is for this prefix and database. */
export function readMessage(text: string, prefix: string, database: number): Message | undefined {
  const read = objectOf(() => JSON.parse(text) as unknown);
  return read?.prefix === prefix && read.database === database ? read : undefined;
}

/** @param self - the sender whose messages arrive without its id as their source */
export function newsOf(message: Message, self: string): JobNotification | undefined {
  const { jobId, jobName, priority, partition } = message;
  if (typeof jobName !== 'string') return undefined;
  return {
    jobId: toJobId(typeof jobId === 'string' ? jobId : ''),
    jobName,
    nextRunAt: dateOf(message.nextRunAt) ?? null,
    priority: typeof priority === 'number' ? priority : 0,
    timestamp: dateOf(message.timestamp) ?? new Date(),
    ...sourceOf(message, message, self),
    ...(typeof partition === 'number' && { partition }),
  };
}

/** In the order they were told. */
export function statesOf(message: Message, self: string): JobStateNotification[] {
  const states: unknown[] = Array.isArray(message.states) ? message.states : [];
  return states.flatMap(
    (state) =>
      stateOf(
        objectOf(() => state),
        message,
        self,
      ) ?? [],
  );
}

export function cancelOf({ jobId, reason }: Message): CancelNotification | undefined {
  if (typeof jobId !== 'string') return undefined;
  return { jobId, reason: typeof reason === 'string' ? reason : '' };
}

function stateOf(
  state: Message | undefined,
  message: Message,
  self: string,
): JobStateNotification | undefined {
  if (!state || typeof state.jobName !== 'string' || !STATE_TYPES.includes(state.type)) {
    return undefined;
  }
  const told: JobStateNotification = {
    type: state.type as JobStateType,
    jobId: toJobId(typeof state.jobId === 'string' ? state.jobId : ''),
    jobName: state.jobName,
    timestamp: dateOf(state.timestamp) ?? new Date(),
    ...sourceOf(state, message, self),
  };
  if (typeof state.error === 'string') told.error = state.error;
  for (const field of STATE_DATES) {
    const date = dateOf(state[field]);
    if (date) told[field] = date;
  }
  for (const field of STATE_NUMBERS) {
    const number = state[field];
    if (typeof number === 'number') told[field] = number;
  }
  return told;
}

/** What names no source is told by its sender; one's own message stays as it was. */
function sourceOf(told: Message, { sender }: Message, self: string): { source?: string } {
  if (typeof told.source === 'string' && told.source !== '') return { source: told.source };
  return typeof sender === 'string' && sender !== self ? { source: sender } : {};
}

const message = (head: string, body: object): string => `${head},${JSON.stringify(body).slice(1)}`;

function objectOf(read: () => unknown): Message | undefined {
  try {
    const value = read();
    return typeof value === 'object' && value !== null ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

function dateOf(value: unknown): Date | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
