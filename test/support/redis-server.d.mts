export { redisBinary, type RedisBinary } from './redis-binary.mjs';

/** The Redis that the spec files of one test run share; they reach it by `TEST_REDIS_URL`. */
export interface SharedRedis {
  readonly url: string;
  /** Where it comes from, for people: a variable, a binary, or `docker`. */
  readonly how: string;
  /** Ends the server if it was started here. */
  stop(): Promise<void>;
}

/**
 * Takes REDIS_TEST_URL, else REDIS_URL, else starts a server: a binary on the PATH, from the private
 * cache, from Debian packages, else docker. Rejects with the remedy when there is none.
 */
export declare function findOrStartRedis(): Promise<SharedRedis>;

export interface PrivateRedisOptions {
  /** Keeps the data over `restart()`. @default false */
  appendonly?: boolean;
  /** When the append-only file reaches the disk. @default 'everysec' */
  appendfsync?: 'always' | 'everysec' | 'no';
  /** More arguments, such as `['--maxmemory', '10mb']`; the last one of a name wins. */
  args?: readonly string[];
  /** @default a free one */
  port?: number;
  /** Where the data lie; a folder given is kept by `stop()`. @default a new one, removed by `stop()` */
  dir?: string;
}

export interface PrivateRedis {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** The process now; another one after `restart()`. */
  readonly pid: number;
  /** Ends the server at once and removes its folder; again does nothing. */
  stop(): Promise<void>;
  /**
   * Sends a signal, and waits for the end of the process unless it is SIGSTOP or SIGCONT.
   *
   * @default 'SIGKILL'
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the server anew on the same port and folder; one that still runs is ended in good order first. */
  restart(): Promise<void>;
}

/** Starts a server of the caller's own, never a given URL, for tests that restart, flush or kill it. */
export declare function startPrivateRedis(options?: PrivateRedisOptions): Promise<PrivateRedis>;
