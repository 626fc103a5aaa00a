import { type Duration, durationOption } from '../duration.js';
import { abortSignal } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import type { JobOptions } from './job-options.js';

/** How long to wait for the end of a job. */
export interface WaitOptions {
  /** After which it is given up, with `WaitTimeoutError`; the job goes on. `false`: never. @default '30 seconds' */
  timeout?: Duration | false;
  /** Gives it up, with the reason of the signal; the job goes on. */
  signal?: AbortSignal;
}

/** How a job is added whose result is waited for. */
export interface RunAndWaitOptions extends JobOptions {
  /** How long to wait for it, from the call on; `timeout` beside it is that of an attempt. */
  wait?: WaitOptions;
}

export interface ReadWaitOptions {
  /** When the wait began, by `performance.now()`. */
  readonly startedAt: number;
  /** Infinity for no limit. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** @throws InvalidOptionError */
export function readWaitOptions(path: string, options: WaitOptions): ReadWaitOptions {
  checkKnownKeys(path, options, ['timeout', 'signal']);
  const { timeout = DEFAULT_TIMEOUT_MS, signal } = options;
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  return {
    startedAt: performance.now(),
    timeoutMs: timeout === false ? Infinity : durationOption(at('timeout'), timeout),
    signal: signal === undefined ? undefined : abortSignal(at('signal'), signal),
  };
}
