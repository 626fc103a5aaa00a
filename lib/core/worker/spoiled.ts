import { BackendClosedError, BackendFullError, ConnectionError } from '../errors.js';

/** Whether a call failed for what it carries, rather than for the state of the store or the way to it. */
export const isSpoiledBy = (error: Error): boolean =>
  !(
    error instanceof ConnectionError ||
    error instanceof BackendFullError ||
    error instanceof BackendClosedError
  );
