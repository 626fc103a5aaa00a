/*
 * Which hosts are alive. Each says so every BEAT_MS, whatever else it does; one that was not heard of for
 * MISSED_BEATS of these is not listed any more, and the next beat of any other removes it.
 */

/** How often a host tells that it is there, in ms. */
export const BEAT_MS = 15_000;
/** After so many beats that did not come a host counts as gone. */
export const MISSED_BEATS = 3;

/** What a host tells of itself. */
export interface HostBeat {
  /** Unique among living processes. */
  readonly host: string;
  /** The name of its machine (or container); left out by versions that did not tell. */
  readonly machine?: string;
  /** The names it runs, in no order. */
  readonly names: readonly HostedName[];
  /** How many jobs it may run at once, of all names. */
  readonly slots: number;
  readonly running: number;
  /** Whether it takes no jobs of any name. */
  readonly paused: boolean;
  /** Of this library. */
  readonly version: string;
  /** On the backend's clock. */
  readonly startedAt: number;
}

export interface HostedName {
  readonly name: string;
  readonly concurrency: number;
  readonly running: number;
  /** Whether this host takes no jobs of it. */
  readonly paused: boolean;
}

/** A host as it was when it was last heard of. */
export interface HostFacts extends HostBeat {
  /** On the backend's clock. */
  readonly lastSeenAt: number;
}
