import {
  AgendaError,
  BackendFullError,
  ConnectionError,
  IncompatibleStoreError,
  isError,
} from '../core/errors.js';

/** Replies of a server that is starting, changing roles or busy: the same call will do later. */
const PASSING =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|BUSY|NOREPLICAS|UNBLOCKED)\b/;
const CONNECTION_NAMES = new Set([
  'MaxRetriesPerRequestError',
  'AbortError',
  'ClusterAllFailedError',
]);
const UNREACHABLE_CODES = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);
const BROKEN_CODES = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']);

/** Whether the same call can succeed when it is sent again. */
export function isPassing(error: unknown): boolean {
  if (!isError(error)) return false;
  if (error instanceof AnswerTimeout || CONNECTION_NAMES.has(error.name)) return true;
  if (isUnreachable(error) || BROKEN_CODES.has(codeOf(error))) return true;
  return (
    PASSING.test(error.message) ||
    /connection is closed|isn't writeable|failed to refresh slots|none of startup nodes/i.test(
      error.message,
    )
  );
}

/** Nobody listens there now. */
export const isUnreachable = (error: unknown): boolean => UNREACHABLE_CODES.has(codeOf(error));

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | null)?.code ?? '';

/** The server was promoted or demoted under us: a new connection finds the right one. */
export const isRoleChange = (error: unknown): boolean =>
  isError(error) && error.message.startsWith('READONLY');

export const isUnknownScript = (error: unknown): boolean =>
  isError(error) && error.message.startsWith('NOSCRIPT');

/** No answer in time: the connection may be half open. */
export class AnswerTimeout extends AgendaError {
  constructor(ms: number) {
    super(`Redis did not answer within ${ms} ms.`);
  }
}

/** What Redis answered, in our words. */
export function translated(error: unknown, address: string): unknown {
  if (!isError(error)) return error;
  if (/^(ERR .*)?OOM|-OOM| OOM command/.test(error.message) || error.message.startsWith('OOM')) {
    return new BackendFullError(
      `Redis at ${address} refuses to store more: its memory is full. Running jobs can still end; free memory or raise maxmemory, then add again.`,
      { cause: error },
    );
  }
  if (/WRONGTYPE/.test(error.message)) {
    return new IncompatibleStoreError(
      `A key of ours at ${address} holds something else (${error.message}). Give this application a keyPrefix of its own.`,
      { cause: error },
    );
  }
  if (
    /^(NOAUTH|WRONGPASS|NOPERM)\b/.test(error.message) ||
    /invalid password|WRONGPASS/i.test(error.message)
  ) {
    return new ConnectionError(
      `Redis at ${address} does not let us in: ${error.message}. Check user, password and ACL rules.`,
      true,
      { cause: error },
    );
  }
  return error;
}
