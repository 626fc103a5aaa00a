import type { Duration } from '../duration.js';

export interface PauseOptions {
  /** Why, for people: it stands in {@link PausedNames}. */
  reason?: string;
  /** Who, for people: it stands there too. @default the option `name` of this process */
  by?: string;
  /** Wait until nothing of it runs any more, in any process. @default false */
  drain?: boolean;
  /** With `drain`: how long to wait at most. The pause stays. @default no limit */
  timeout?: Duration;
  /** With `drain`: cuts the waiting short. The pause stays. */
  signal?: AbortSignal;
}

export interface PauseResult {
  /** How many of its jobs run still, in all processes; after a `drain` 0, unless it was cut short. */
  readonly running: number;
}

/** Who paused what, and why. */
export interface Pause {
  readonly at: Date;
  readonly reason?: string;
  /** Who asked for it: as they said, or the option `name` of their process. */
  readonly by?: string;
}

/** What is paused in all processes. */
export interface PausedNames {
  /** Present when everything is. */
  readonly all?: Pause;
  readonly names: Readonly<Record<string, Pause>>;
}
