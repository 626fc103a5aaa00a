export interface PrivatePostgres {
  /** Of a database of its own, for a user who may do everything there. */
  readonly url: string;
  /** Ends the server and removes its folder; again does nothing. */
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL of the caller's own, with the programs of this machine, else with those of
 * Debian packages unpacked into the private cache. Rejects with the remedy when there are none.
 */
export declare function startPrivatePostgres(): Promise<PrivatePostgres>;
