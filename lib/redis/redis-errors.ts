import {
  AgendaError,
  BackendFullError,
  ConnectionError,
  IncompatibleStoreError,
  isError,
} from '../core/errors.js';

/** Replies of a server that is starting, changing roles or busy: the same call will do later. */
const PASSING = new Set([
  'LOADING',
  'READONLY',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'MOVED',
  'ASK',
  'BUSY',
  'NOREPLICAS',
  'UNBLOCKED',
  'MISCONF',
]);
const REFUSED_ENTRY = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM']);
const CONNECTION_NAMES = new Set([
  'MaxRetriesPerRequestError',
  'AbortError',
  'ClusterAllFailedError',
]);
/** What ioredis says without a class or a code of its own. */
const CONNECTION_MESSAGES =
  /^Command timed out$|connection is (closed|aborted|discarded)|isn't (writeable|ready)|failed to refresh slots|none of startup nodes/i;
const UNREACHABLE_CODES = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);
const BROKEN_CODES = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']);

/**
 * The word an error reply begins with. Redis before 7 wraps the errors of a script's commands:
 * `ERR Error running script (call to f_…): @user_script:12: @user_script: 12: -READONLY You can't …`.
 */
const WORD = /^(?:ERR Error running script .*? -)?([A-Z]+)\b/;
const wordOf = (error: unknown): string =>
  isError(error) ? (WORD.exec(error.message)?.[1] ?? '') : '';

/** Whether the same call can succeed when it is sent again. */
export function isPassing(error: unknown): boolean {
  if (!isError(error)) return false;
  if (error instanceof AnswerTimeout || CONNECTION_NAMES.has(error.name)) return true;
  if (isUnreachable(error) || BROKEN_CODES.has(codeOf(error))) return true;
  return PASSING.has(wordOf(error)) || CONNECTION_MESSAGES.test(error.message);
}

/** Nobody listens there now. */
export const isUnreachable = (error: unknown): boolean => UNREACHABLE_CODES.has(codeOf(error));

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | null)?.code ?? '';

/** The server was promoted or demoted under us: a new connection finds the right one. */
export const isRoleChange = (error: unknown): boolean => wordOf(error) === 'READONLY';

export const isUnknownScript = (error: unknown): boolean => wordOf(error) === 'NOSCRIPT';

/** No answer in time: the connection may be half open. */
export class AnswerTimeout extends AgendaError {
  constructor(readonly ms: number) {
    super(`Redis did not answer within ${ms} ms.`);
  }
}

/** What Redis answered, in our words. */
export function translated(thrown: unknown, address: string): unknown {
  const error = withoutArguments(thrown);
  if (!isError(error)) return error;
  const word = wordOf(error);
  if (word === 'OOM') {
    return new BackendFullError(
      `Redis at ${address} refuses to store more: its memory is full. Running jobs can still end; free memory or raise maxmemory, then add again.`,
      { cause: error },
    );
  }
  if (word === 'WRONGTYPE') {
    return new IncompatibleStoreError(
      `A key of ours at ${address} holds something else (${error.message}). Give this application a keyPrefix of its own.`,
      { cause: error },
    );
  }
  if (REFUSED_ENTRY.has(word) || /^ERR invalid password/i.test(error.message)) {
    return new ConnectionError(
      `Redis at ${address} does not let us in: ${error.message}. Check user, password and ACL rules.`,
      true,
      { cause: error },
    );
  }
  return error;
}

/** The first connection did not come about. */
export function unreachable(address: string, withinMs: number, cause: unknown): ConnectionError {
  const why = cause instanceof AnswerTimeout ? `no answer within ${withinMs} ms` : messageOf(cause);
  return new ConnectionError(
    `Cannot reach Redis at ${address}: ${why}. Is it running, and is the address right? (waitForRedis: true waits for it.)`,
    true,
    { cause: withoutArguments(cause) },
  );
}

/** A call was tried until its time was over. */
export function gaveUp(
  address: string,
  afterMs: number,
  outcomeKnown: boolean,
  cause: unknown,
): ConnectionError {
  const outcome = outcomeKnown
    ? 'the call was not carried out'
    : 'whether the call was carried out is unknown';
  return new ConnectionError(
    `Redis at ${address} could not be reached for ${afterMs} ms; ${outcome}.`,
    outcomeKnown,
    { cause: withoutArguments(cause) },
  );
}

/**
 * The same error without the arguments of its command, which ioredis hangs on it: a password or the data of
 * jobs, for everybody to read where the error is printed with what is behind it.
 */
export function withoutArguments(error: unknown): unknown {
  if (!isError(error)) return error;
  const { command, lastNodeError } = error as { command?: { name?: unknown; args?: unknown } } & {
    lastNodeError?: unknown;
  };
  if (typeof command === 'object' && command !== null) delete command.args;
  if (lastNodeError !== undefined) withoutArguments(lastNodeError);
  return error;
}

const messageOf = (error: unknown): string =>
  isError(error)
    ? error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
    : String(error);
