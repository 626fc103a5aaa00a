import { durationOption, type Duration } from '../core/duration.js';
import { DEFAULT_INSTANCE } from '../nest/tokens.js';
import type { JobName } from '../core/index.js';
import { wholeNumber } from '../core/options/checks.js';
import { checkKnownKeys } from '../core/options/known-keys.js';
import { nameList } from '../core/options/name-list.js';

export interface ReadinessOptions {
  /** The instance of `AgendaRedisModule` that is meant. @default 'default' */
  instance?: string;
  /** How long the store may take to answer. Give it less than the probe waits. @default '2 seconds' */
  timeout?: Duration;
}

export interface HealthLimits extends ReadinessOptions {
  /** For how long the oldest due job may have been waiting. @default no limit */
  maxLatency?: Duration;
  /** How many dead letters there may be, all names together. @default no limit */
  maxDeadLetters?: number;
  /** Only jobs of these names are looked at, for both limits. @default all */
  names?: readonly JobName[];
}

export interface ResolvedLimits {
  readonly instance: string;
  readonly timeoutMs: number;
  readonly maxLatencyMs: number | undefined;
  readonly maxDeadLetters: number | undefined;
  readonly names: readonly string[] | undefined;
}

const READINESS_KEYS = ['instance', 'timeout'];
const LIMIT_KEYS = [...READINESS_KEYS, 'maxLatency', 'maxDeadLetters', 'names'];
/** The wait of most probes is longer. */
const DEFAULT_TIMEOUT = '2 seconds';

/** @throws InvalidOptionError */
export function readReadinessOptions(
  options: ReadinessOptions,
): Pick<ResolvedLimits, 'instance' | 'timeoutMs'> {
  checkKnownKeys('options', options, READINESS_KEYS);
  return common(options);
}

/** @throws InvalidOptionError */
export function readLimits(limits: HealthLimits): ResolvedLimits {
  checkKnownKeys('limits', limits, LIMIT_KEYS);
  const { maxLatency, maxDeadLetters, names } = limits;
  return {
    ...common(limits),
    maxLatencyMs:
      maxLatency === undefined ? undefined : durationOption('maxLatency', maxLatency, { min: 0 }),
    maxDeadLetters:
      maxDeadLetters === undefined ? undefined : wholeNumber('maxDeadLetters', maxDeadLetters, 0),
    names: names && nameList('names', names),
  };
}

function common({ instance = DEFAULT_INSTANCE, timeout = DEFAULT_TIMEOUT }: ReadinessOptions) {
  return { instance, timeoutMs: durationOption('timeout', timeout) };
}
