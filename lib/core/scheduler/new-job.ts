import { type Duration, durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { checkBackoff } from '../handlers/handler-backoff.js';
import type { HandlerPlan } from '../handlers/handler-plan.js';
import type { HandlerRegistry } from '../handlers/handler-registry.js';
import type { Due } from '../job/due.js';
import { encodeData } from '../job/job-data.js';
import { checkText, randomToken } from '../job/job-id.js';
import type { Idempotency, JobOverrides, JobRecord, NewJob } from '../job/job-record.js';
import { newIdFor, type Sharing } from '../job/placement.js';
import { readTags } from '../job/tags.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { FOREIGN_WORDS } from '../options/foreign-words.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { parsePriority } from '../options/priority.js';
import type { ResolvedEngineOptions } from '../options/resolve-engine-options.js';
import { readJobRemovals } from '../options/removal.js';
import type { CarriedHeaders } from './carried-headers.js';
import { withDedupe } from './dedupe-option.js';
import { expiryOf } from './expiry-option.js';
import type { JobOptions } from './job-options.js';
import { judgeData, onceJudged } from './judged-data.js';
import { keyOf } from './key-option.js';
import { LargeData } from './large-data.js';

export const AT_ONCE: Due = { delayMs: 0 };

const OPTION_KEYS: readonly (keyof JobOptions)[] = [
  'id',
  'idempotencyKey',
  'idempotencyRelease',
  'dedupe',
  'priority',
  'first',
  'delay',
  'expiresIn',
  'expiresAt',
  'tags',
  'key',
  'context',
  'attempts',
  'backoff',
  'timeout',
  'removeOnComplete',
  'removeOnFail',
  'retention',
];

export interface NewJobTools {
  readonly headers: CarriedHeaders;
  /** By the backend's clock. */
  now(): number;
  /** Whether all jobs of this name live in one partition of the store. */
  holdsTogether(name: string): boolean;
  /** @throws InvalidOptionError for a job that would need two places in the store */
  checkPlace(job: Sharing, chosenId: string | undefined): void;
  /** Takes warnings: a code, a message, and what it is about. */
  warn(code: string, message: string, about: string): void;
}

/** A name and its data, and how jobs of that name are run. */
interface Meant {
  readonly name: string;
  /** As the caller gave it. */
  readonly data: unknown;
  /** The same as JSON. */
  readonly text: string | undefined;
  readonly plan: HandlerPlan;
}

/** Makes jobs of what callers ask for: checked and encoded, so that a bad one never leaves the process. */
export class NewJobs {
  private readonly largeData: LargeData;

  constructor(
    private readonly handlers: HandlerRegistry,
    private readonly options: Pick<
      ResolvedEngineOptions,
      'maxDataBytes' | 'name' | 'idempotencyWindowMs'
    >,
    private readonly tools: NewJobTools,
  ) {
    this.largeData = new LargeData((...warning) => tools.warn(...warning));
  }

  /**
   * Everything is read and encoded at once; where the schema of the name is async, what it says is waited for.
   *
   * @param due - when the caller said so beside the options
   * @throws InvalidJobError for the name, the id, the idempotency key or the data
   * @throws InvalidDataError for data that the schema of the name refuses
   * @throws InvalidOptionError
   */
  make(
    name: string,
    data: unknown,
    options: JobOptions | undefined,
    due?: Due,
  ): NewJob | Promise<NewJob> {
    checkText('name', name);
    const text = encodeData(data, this.options.maxDataBytes);
    this.largeData.look(name, text);
    const plan = this.handlers.planFor(name);
    const judged = judgeData(name, text, plan);
    if (!judged) return this.made({ name, data, text, plan }, options, due);
    return onceJudged(judged, () => this.made({ name, data, text, plan }, options, due));
  }

  /**
   * Another job with the data and options of a stored one, due at once. What belongs to that one alone it does not
   * get: its time or rule, its expiry, and what keeps it from being added twice.
   */
  like({ name, data, priority, overrides, key, first, tags, version, context }: JobRecord): NewJob {
    const writer = this.options.name;
    const like = {
      name,
      data: data === undefined ? undefined : JSON.stringify(data),
      priority,
      due: AT_ONCE,
      ...(overrides && { overrides }),
      ...(key !== undefined && { key }),
      ...(first && { first }),
      ...(tags && { tags }),
      ...(version !== undefined && { version }),
      ...(context && { context }),
      ...(writer !== '' && { lastModifiedBy: writer }),
    };
    return { ...like, id: this.newId(like) };
  }

  private made(
    { name, data, text, plan }: Meant,
    options: JobOptions | undefined,
    due: Due | undefined,
  ): NewJob {
    const { priority, version } = plan;
    const key = keyOf(options?.key, name, data, plan);
    const writer = this.options.name === '' ? undefined : { lastModifiedBy: this.options.name };
    if (options === undefined) {
      const context = this.tools.headers.of(name, undefined);
      const id = this.newId(key === undefined ? { name } : { name, key });
      const plain = { id, name, data: text, priority, due: due ?? AT_ONCE, ...writer };
      if (key === undefined && context === undefined && version === 1) return plain;
      return {
        ...plain,
        ...(key !== undefined && { key }),
        ...(context && { context }),
        ...(version > 1 && { version }),
      };
    }
    checkKnownKeys('', options, OPTION_KEYS, FOREIGN_WORDS);
    const job: { -readonly [Key in keyof NewJob]: NewJob[Key] } = {
      id: '',
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
    if (key !== undefined) job.key = key;
    if (version > 1) job.version = version;
    const context = this.tools.headers.of(name, options.context);
    if (context) job.context = context;
    if (options.first !== undefined && trueOrFalse('first', options.first)) job.first = true;
    const tags = options.tags === undefined ? [] : readTags(options.tags);
    if (tags.length > 0) job.tags = tags;
    const expires = expiryOf(options, job.due, this.tools.now());
    if (expires) job.expires = expires;
    const isTimed = due !== undefined || options.delay !== undefined;
    const made = options.dedupe === undefined ? job : withDedupe(job, options.dedupe, { isTimed });
    this.tools.checkPlace(made, options.id);
    return options.id === undefined ? { ...made, id: this.newId(made) } : made;
  }

  private newId(job: Sharing): string {
    return newIdFor(job, this.tools.holdsTogether(job.name));
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
  const { attempts, backoff, timeout } = options;
  const overrides: JobOverrides = readJobRemovals(options);
  if (attempts !== undefined) overrides.attempts = wholeNumber('attempts', attempts, 1);
  if (backoff !== undefined) overrides.backoff = declared(backoff);
  if (timeout !== undefined) overrides.timeout = durationOption('timeout', timeout);
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
