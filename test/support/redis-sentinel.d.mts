import type { PrivateRedis } from './redis-server.mjs';

export interface PrivateSentinels {
  /** Under which name the sentinels know the master. */
  readonly name: string;
  /** The one that is master at the start. */
  readonly master: PrivateRedis;
  readonly replica: PrivateRedis;
  readonly sentinels: readonly Sentinel[];
  /** Ends all of them at once and removes their folders; again does nothing. */
  stop(): Promise<void>;
}

export interface Sentinel {
  readonly port: number;
  /** Sends a signal, and waits for the end of the process unless it is SIGSTOP or SIGCONT. @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface PrivateSentinelsOptions {
  /** How many sentinels; a majority of them decides. @default 1 */
  count?: number;
  /** After how long a master that is silent is taken to be dead, in ms. @default 500 */
  downAfterMs?: number;
  /** More arguments for the master and the replica. */
  args?: readonly string[];
}

/** Starts a master, a replica that has caught up, and sentinels that know of both and of each other. */
export declare function startPrivateSentinels(
  options?: PrivateSentinelsOptions,
): Promise<PrivateSentinels>;
