import type { JobManager, RequeueAnswer, RequeueRequest } from '../contracts/job-manager.js';
import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import { encodeData } from '../job/job-data.js';
import { checkDeathReason } from '../job/death-reason.js';
import { checkText } from '../job/job-id.js';
import { nameOf } from '../job/job-types.js';
import { abortSignal, expectNotAborted, trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { FILTER_KEYS, selectionOf } from '../query/job-selection.js';
import { filterOf } from './job-filter.js';
import { type DataJudge, judgeNewData } from './judged-data.js';
import { AT_ONCE } from './new-job.js';
import { RequeueWalk, type MeantLetters } from './requeue-walk.js';
import { dueAt } from './schedule-options.js';
import type {
  DeadLetterFilter,
  RequeueManyOptions,
  RequeueOptions,
  RequeueResult,
} from './upkeep-options.js';

/** What dead letters are brought back with. */
export interface RequeueTools extends DataJudge {
  readonly manager: JobManager;
  readonly maxDataBytes: number;
  now(): number;
  /** Takes the mistakes of callbacks. */
  report(error: Error): void;
}

const ONE_KEYS: readonly (keyof RequeueOptions)[] = [
  'expectName',
  'runAt',
  'resetAttempts',
  'data',
];
const MANY_KEYS: readonly (keyof RequeueManyOptions)[] = [
  'runAt',
  'resetAttempts',
  'perSecond',
  'limit',
  'dryRun',
  'signal',
  'onProgress',
];
const DEAD_FILTER_KEYS: readonly (keyof DeadLetterFilter)[] = [
  ...FILTER_KEYS,
  'reason',
  'olderThan',
];

/** @throws InvalidJobError, InvalidDataError, InvalidOptionError, InvalidScheduleError */
export async function requeueOne(
  tools: RequeueTools,
  id: string,
  options: RequeueOptions,
): Promise<RequeueAnswer> {
  checkText('id', id);
  checkKnownKeys('', options, ONE_KEYS);
  const expectName = options.expectName && nameOf(options.expectName);
  if (expectName !== undefined) checkText('name', expectName);
  const data = encodeData(options.data, tools.maxDataBytes);
  const timing = timingOf(tools, options);
  const version = await judgeNewData(tools, id, data);
  const [answer] = await tools.manager.requeue([id], {
    ...timing,
    ...(expectName !== undefined && { expectName }),
    ...(data !== undefined && { data }),
    ...(version !== undefined && { version }),
  });
  return answer!;
}

/** @throws InvalidOptionError, InvalidScheduleError; the signal's reason when it has fired before */
export async function requeueMany(
  tools: RequeueTools,
  filter: DeadLetterFilter,
  options: RequeueManyOptions,
): Promise<RequeueResult> {
  expectNotAborted(options);
  const meant = meantBy(filter);
  checkManyOptions(options);
  return new RequeueWalk(tools, meant, timingOf(tools, options), options).run();
}

function timingOf(
  tools: RequeueTools,
  { runAt, resetAttempts = true }: RequeueOptions | RequeueManyOptions,
): RequeueRequest {
  return {
    due: runAt === undefined ? AT_ONCE : dueAt(runAt, tools.now()),
    resetAttempts: trueOrFalse('resetAttempts', resetAttempts),
  };
}

function meantBy(filter: DeadLetterFilter): MeantLetters {
  checkKnownKeys('filter', filter, DEAD_FILTER_KEYS);
  const { reason, olderThan, ...criteria } = filter;
  const selection = selectionOf(filterOf(criteria));
  if (reason !== undefined) checkDeathReason('filter.reason', reason);
  const olderThanMs = durationOption('filter.olderThan', olderThan ?? 0, { min: 0 });
  const { ids, names = ANY_NAME, matchesData, tags } = selection ?? {};
  if (!ids && !names.listed && !matchesData && !tags && reason === undefined) {
    const expected = 'a filter with at least an id, a name, data, tags or a reason';
    throw new InvalidOptionError('filter', filter, expected);
  }
  return { ids, names, matchesData, tags, reason, olderThanMs };
}

const ANY_NAME = { listed: undefined, accepts: undefined };

function checkManyOptions(options: RequeueManyOptions): void {
  checkKnownKeys('', options, MANY_KEYS);
  const { perSecond, limit, dryRun, signal, onProgress } = options;
  if (perSecond !== undefined) wholeNumber('perSecond', perSecond, 1);
  if (limit !== undefined && limit !== Infinity) wholeNumber('limit', limit, 1);
  if (dryRun !== undefined) trueOrFalse('dryRun', dryRun);
  if (signal !== undefined) abortSignal('signal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new InvalidOptionError('onProgress', onProgress, 'a function');
  }
}
