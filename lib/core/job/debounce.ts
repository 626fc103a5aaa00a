import type { UniqueOptions } from '../contracts/job-parameters.js';
import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';

/*
 * Debouncing: many saves, one run. All instants are milliseconds by the store's clock.
 *
 * A *trailing* window is open from its first save until a run begins. Each save inside puts the run
 * off to `delay` from now, but never beyond `maxWait` from the start. Once that is over the window is
 * no longer told of, and *overdue*: the run is due, and no further save puts it off again.
 *
 * A *leading* window is open for `delay` from its first save, whatever runs. That save keeps its time,
 * the others change none.
 *
 * A window of one strategy means nothing to a save with the other: that opens one of its own.
 */

/** Checked options. */
export interface Debounce {
  readonly strategy: 'trailing' | 'leading';
  readonly delayMs: number;
  /** `Infinity` for no limit. */
  readonly maxWaitMs: number;
}

export type DebounceWindow =
  | { readonly kind: 'trailing' | 'overdue'; readonly startedAt: number }
  | { readonly kind: 'leading'; readonly startedAt: number; readonly endsAt: number };

/** What a debounced save finds. */
export interface DebounceSituation {
  readonly now: number;
  /** The window that is open, if one is. */
  readonly window: DebounceWindow | null;
  /** When the job runs next, not counting a run under way. */
  readonly planned: number | null;
  /** The time that comes with the save. */
  readonly given: number | null;
}

export interface Debounced {
  readonly nextRunAt: number | null;
  readonly window: DebounceWindow;
}

/** @throws InvalidOptionError */
export function readDebounceOptions({
  delay,
  maxWait,
  strategy = 'trailing',
}: NonNullable<UniqueOptions['debounce']>): Debounce {
  if (strategy !== 'trailing' && strategy !== 'leading') {
    throw new InvalidOptionError('debounce.strategy', strategy, "'trailing' or 'leading'");
  }
  return {
    strategy,
    delayMs: durationOption('debounce', delay),
    maxWaitMs: maxWait === undefined ? Infinity : durationOption('debounce.maxWait', maxWait),
  };
}

/** When the job runs next, and the window that is open after the save. */
export function debounced(debounce: Debounce, situation: DebounceSituation): Debounced {
  return debounce.strategy === 'leading'
    ? leading(debounce, situation)
    : trailing(debounce, situation);
}

function trailing({ delayMs, maxWaitMs }: Debounce, situation: DebounceSituation): Debounced {
  const { now, planned } = situation;
  const window = situation.window?.kind === 'leading' ? null : situation.window;
  if (window?.kind === 'overdue') return { nextRunAt: Math.min(planned ?? now, now), window };
  const startedAt = window?.startedAt ?? now;
  const latest = startedAt + maxWaitMs;
  if (latest <= now) return { nextRunAt: now, window: { kind: 'overdue', startedAt } };
  return { nextRunAt: Math.min(now + delayMs, latest), window: { kind: 'trailing', startedAt } };
}

function leading({ delayMs }: Debounce, situation: DebounceSituation): Debounced {
  const { now, window, planned, given } = situation;
  if (window?.kind === 'leading') return { nextRunAt: planned, window };
  return {
    nextRunAt: given,
    window: { kind: 'leading', startedAt: now, endsAt: now + delayMs },
  };
}
