import { type Duration, durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { checkBackoff } from '../handlers/handler-backoff.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { Due } from '../job/due.js';
import { encodeData } from '../job/job-data.js';
import { checkText, newJobId, randomToken } from '../job/job-id.js';
import type { Idempotency, JobOverrides, NewJob } from '../job/job-record.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { parsePriority } from '../options/priority.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import { readJobRetention } from '../options/retention.js';
import type { JobOptions } from './job-options.js';

export const AT_ONCE: Due = { delayMs: 0 };

const OPTION_KEYS: readonly (keyof JobOptions)[] = [
  'id',
  'idempotencyKey',
  'idempotencyRelease',
  'priority',
  'delay',
  'attempts',
  'backoff',
  'timeout',
  'removeOnComplete',
  'retention',
];

/** Makes jobs of what callers ask for: checked and encoded, so that a bad one never leaves the process. */
export class NewJobs {
  constructor(
    private readonly handlers: HandlerRegistry,
    private readonly options: Pick<
      ResolvedEngineOptions,
      'maxDataBytes' | 'name' | 'idempotencyWindowMs'
    >,
  ) {}

  /**
   * @param due - when the caller said so beside the options
   * @throws InvalidJobError for the name, the id, the idempotency key or the data
   * @throws InvalidOptionError
   */
  make(name: string, data: unknown, options: JobOptions | undefined, due?: Due): NewJob {
    checkText('name', name);
    const text = encodeData(data, this.options.maxDataBytes);
    const { priority } = this.handlers.planFor(name);
    const writer = this.options.name === '' ? undefined : { lastModifiedBy: this.options.name };
    if (options === undefined) {
      return { id: newJobId(), name, data: text, priority, due: due ?? AT_ONCE, ...writer };
    }
    checkKnownKeys('', options, OPTION_KEYS);
    const job: { -readonly [Key in keyof NewJob]: NewJob[Key] } = {
      id: newJobId(),
      name,
      data: text,
      priority:
        options.priority === undefined ? priority : parsePriority('priority', options.priority),
      due: dueOf(options, due),
      ...writer,
    };
    if (options.id !== undefined) {
      checkText('id', options.id);
      job.id = options.id;
      job.nonce = randomToken();
    }
    const idempotency = idempotencyOf(options, this.options.idempotencyWindowMs);
    if (idempotency) job.idempotency = idempotency;
    const overrides = overridesOf(options);
    if (overrides) job.overrides = overrides;
    return job;
  }
}

function dueOf({ delay }: JobOptions, due: Due | undefined): Due {
  if (delay === undefined) return due ?? AT_ONCE;
  if (due) {
    throw new InvalidOptionError('delay', delay, 'left out where a time is given');
  }
  return { delayMs: durationOption('delay', delay, { min: 0 }) };
}

function idempotencyOf(
  { idempotencyKey: key, idempotencyRelease: release }: JobOptions,
  windowMs: number,
): Idempotency | undefined {
  if (key === undefined) {
    if (release === undefined) return undefined;
    throw new InvalidOptionError(
      'idempotencyRelease',
      release,
      'left out where there is no `idempotencyKey`',
    );
  }
  checkText('idempotencyKey', key);
  if (release === undefined || release === 'removal' || release === 'finish') {
    return { key, release: release ?? 'removal', holdMs: windowMs };
  }
  return { key, release: 'time', holdMs: readHold(release) };
}

function readHold(release: Duration): number {
  try {
    return durationOption('idempotencyRelease', release);
  } catch (cause) {
    const expected = "'removal', 'finish' or a duration from 1 ms to 100 years, such as '1 hour'";
    throw new InvalidOptionError('idempotencyRelease', release, expected, { cause });
  }
}

function overridesOf(options: JobOptions): JobOverrides | undefined {
  const { attempts, backoff, timeout, removeOnComplete, retention } = options;
  const overrides: JobOverrides = {};
  if (attempts !== undefined) overrides.attempts = wholeNumber('attempts', attempts, 1);
  if (backoff !== undefined) overrides.backoff = declared(backoff);
  if (timeout !== undefined) overrides.timeout = durationOption('timeout', timeout);
  if (removeOnComplete !== undefined) {
    overrides.removeOnComplete = trueOrFalse('removeOnComplete', removeOnComplete);
  }
  const own = retention === undefined ? {} : readJobRetention('retention', retention);
  if (Object.keys(own).length > 0) overrides.retention = own;
  return Object.keys(overrides).length > 0 ? overrides : undefined;
}

function declared(backoff: unknown): unknown {
  if (typeof backoff === 'function') {
    const remedy =
      'a duration or an object here: it is stored with the job (functions belong to the handler)';
    throw new InvalidOptionError('backoff', backoff, remedy);
  }
  checkBackoff('backoff', backoff);
  return backoff;
}
