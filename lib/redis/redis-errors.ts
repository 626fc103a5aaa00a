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
const REFUSED_ENTRY = new Set(['NOAUTH', 'WRONGPASS']);
/** Of a command, and of one in a script, where each version has its own words for it. */
const FORBIDDEN = /\bNOPERM\b|ACL failure in script|user executing the script can't/;
const CONNECTION_NAMES = new Set([
  'MaxRetriesPerRequestError',
  'AbortError',
  'ClusterAllFailedError',
]);
/** What ioredis says without a class or a code of its own. */
const CONNECTION_MESSAGES =
  /^Command timed out$|connection is (closed|aborted|discarded)|isn't (writeable|ready)|failed to refresh slots|none of startup nodes|too many cluster redirections|cluster is (ended|disconnect)|node is disconnected|^timeout$|all sentinels are unreachable/i;
const UNREACHABLE_CODES = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);
const BROKEN_CODES = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']);

/** What node and OpenSSL call a certificate, a key or a handshake that will not do. */
const TLS_CODES =
  /^(ERR_(TLS|SSL|OSSL)_|CERT_|CRL_|UNABLE_TO_|INVALID_(CA|PURPOSE)$|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|HOSTNAME_MISMATCH$|EPROTO$)/;

/**
 * The word an error reply begins with. Redis before 7 wraps the errors of a script's commands:
 * `ERR Error running script (call to f_…): @user_script:12: @user_script: 12: -READONLY You can't …`, or, in Redis 6.0,
 * `… @user_script:12: WRONGTYPE Operation …`; and ioredis those of the last Sentinel: `All sentinels are unreachable and retry is disabled. Last error: WRONGPASS …`.
 */
const WORD =
  /^(?:ERR Error running script .*? (?:-|@user_script:\d+: )|All sentinels are .* Last error: )?([A-Z]+)\b/;
const wordOf = (error: unknown): string =>
  isError(error) ? (WORD.exec(error.message)?.[1] ?? '') : '';

/** Whether the same call can succeed when it is sent again. */
export function isPassing(error: unknown): boolean {
  if (!isError(error) || tlsFaultIn(error)) return false;
  if (error instanceof AnswerTimeout || error instanceof MasterUnknown) return true;
  const reason = reasonOf(error);
  if (reason !== error) return isPassing(reason);
  if (REFUSED_ENTRY.has(wordOf(error))) return false;
  if (CONNECTION_NAMES.has(error.name)) return true;
  if (isRoleChange(error) || isUnreachable(error) || BROKEN_CODES.has(codeOf(error))) return true;
  return PASSING.has(wordOf(error)) || CONNECTION_MESSAGES.test(error.message);
}

/** Nobody listens there now. */
export const isUnreachable = (error: unknown): boolean => UNREACHABLE_CODES.has(codeOf(error));

/** No node of a Cluster and no Sentinel listens, or knows of what is asked for. */
export const isUnreachableGroup = (error: unknown): boolean =>
  isError(error) &&
  (/^All sentinels are unreachable/.test(error.message) ||
    (error.name === 'ClusterAllFailedError' && /is closed/.test(reasonOf(error).message)));

/** What the last node said, where none of a Cluster could be asked. */
function reasonOf(error: Error): Error {
  const { lastNodeError } = error as { lastNodeError?: unknown };
  return error.name === 'ClusterAllFailedError' && isError(lastNodeError) ? lastNodeError : error;
}

/** The first server of a Cluster that refuses our certificate, or whose own will not do, speaks for all. */
function tlsFaultIn(error: unknown): Error | undefined {
  if (!isError(error)) return undefined;
  if (TLS_CODES.test(codeOf(error))) return error;
  return tlsFaultIn((error as { lastNodeError?: unknown }).lastNodeError);
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | null)?.code ?? '';

/** The server was promoted or demoted under us: a new connection finds the right one. */
export const isRoleChange = (error: unknown): boolean =>
  wordOf(error) === 'READONLY' ||
  // So it says when it was demoted between a write and the question for its replicas.
  (isError(error) && error.message.startsWith('ERR WAIT cannot be used with replica'));

/** The ACL rules of our user stand in the way; also of an error that says so in our words. */
export const isForbidden = (error: unknown): boolean =>
  isError(error) && (FORBIDDEN.test(error.message) || isForbidden(error.cause));

/** Nothing more can be stored. */
export const isFull = (error: unknown): boolean => wordOf(error) === 'OOM';

/** A script of ours has come upon what it cannot reckon with. */
export const isScriptFault = (error: unknown): error is Error =>
  isError(error) && error.name === 'ReplyError' && /\buser_script\b/.test(error.message);

export const isUnknownScript = (error: unknown): boolean => wordOf(error) === 'NOSCRIPT';

/** Nobody has the slot of a key at the moment, as far as a Cluster client knows. */
export class MasterUnknown extends AgendaError {
  constructor() {
    super('No master of the Cluster is known to have the key.');
  }
}

/** No answer in time: the connection may be half open. */
export class AnswerTimeout extends AgendaError {
  constructor(readonly ms: number) {
    super(`Redis did not answer within ${ms} ms.`);
  }
}

/**
 * What Redis answered, in our words.
 *
 * @param earlierKnown - false when an earlier try of the same call may have been carried out
 */
export function translated(thrown: unknown, address: string, earlierKnown = true): unknown {
  const whole = withoutArguments(thrown);
  if (!isError(whole)) return whole;
  const error = reasonOf(whole);
  const word = wordOf(error);
  if (isFull(error)) {
    return new BackendFullError(
      `Redis at ${address} refuses to store more: its memory is full. Running jobs can still end; free memory or raise maxmemory, then add again.`,
      { cause: error },
    );
  }
  if (/DB index is out of range/i.test(error.message)) {
    return new ConnectionError(
      `Redis at ${address} does not have the database it was asked for: ${error.message}. Check its number.`,
      earlierKnown,
      { cause: error },
    );
  }
  if (word === 'WRONGTYPE') {
    return new IncompatibleStoreError(
      `A key of ours at ${address} holds something else (${error.message}). Give this application a keyPrefix of its own.`,
      { cause: error },
    );
  }
  if (isForbidden(error)) {
    return new ConnectionError(
      `Redis at ${address} does not allow its user what was asked: ${error.message}. Give it the rules of docs/redis-acl.md.`,
      // A script may have written before it came to what is not allowed.
      earlierKnown && error.message.startsWith('NOPERM'),
      { cause: error },
    );
  }
  if (REFUSED_ENTRY.has(word) || /^ERR invalid password/i.test(error.message)) {
    return new ConnectionError(
      `Redis at ${address} does not let us in: ${error.message}. Check user, password and ACL rules.`,
      earlierKnown,
      { cause: error },
    );
  }
  if (/cluster support disabled/.test(error.message)) {
    return new IncompatibleStoreError(
      `Redis at ${address} is no node of a Cluster. Reach it by connectionString or redisOptions.`,
      { cause: error },
    );
  }
  const tlsFault = tlsFaultIn(error);
  return tlsFault ? refusedByTls(tlsFault, address, earlierKnown) : error;
}

function refusedByTls(fault: Error, address: string, outcomeKnown: boolean): ConnectionError {
  const { reason = fault.message } = fault as { reason?: string };
  return new ConnectionError(
    `The TLS connection to Redis at ${address} does not come about: ${reason} (${codeOf(fault)}). Check the option \`tls\` of ` +
      'the connection: `ca` (who vouches for the server), `cert` and `key` (which the server may ask for), and `servername`.',
    outcomeKnown,
    { cause: fault },
  );
}

/** What an application can do about it; the command line cannot. */
export const WAITING_ADVICE = ' (waitForRedis: true waits for it.)';

/** The first connection did not come about; `usesTls`: as far as it is known. */
export function unreachable(
  address: string,
  withinMs: number,
  cause: unknown,
  usesTls?: boolean,
): ConnectionError {
  const why =
    cause instanceof AnswerTimeout
      ? `no answer within ${withinMs} ms${mismatch(usesTls)}`
      : messageOf(cause);
  return new ConnectionError(
    `Cannot reach Redis at ${address}: ${why}. Is it running, and is the address right?${WAITING_ADVICE}`,
    true,
    { cause: withoutArguments(cause) },
  );
}

/** One of the two speaks TLS and the other does not: neither understands what it hears, and neither says so. */
function mismatch(usesTls: boolean | undefined): string {
  if (usesTls === undefined) return '';
  return usesTls
    ? ' over TLS (a port without TLS never answers that)'
    : ' without TLS (a port of TLS never answers that: it takes rediss://)';
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
