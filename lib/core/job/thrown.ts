import { inspect } from 'node:util';
import { cutToBytes } from '../cut.js';
import { isError, NonRetryableError } from '../errors.js';
import type { DeathReason, Failure } from './job-record.js';

/*
 * What handlers throw. It may be anything: undefined, a text, a frozen object, an error whose
 * members throw when they are read, a proxy that throws when it is looked at. Whatever it is, it
 * becomes an Error for people and a Failure for the store, and reading it never throws.
 */

const MOST_BYTES = 4096;
const LONGEST_NAME = 256;
// Chains of causes are short; a cycle among them would be endless.
const DEEPEST_CAUSE = 10;
// Enough to see what went wrong where many things did.
const MOST_ERRORS = 5;

/** Whatever was thrown, as an Error: itself if it is one. */
export function errorOf(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  const error = new Error(describeThrown(thrown), { cause: thrown });
  error.name = 'ThrownValue';
  return error;
}

/** An error as the store keeps it: name, message and stack, the latter two cut to 4 KiB. */
export function failureOf(error: Error, reason?: DeathReason): Failure {
  const failure: { -readonly [Key in keyof Failure]: Failure[Key] } = {
    name: nameOf(error).slice(0, LONGEST_NAME),
    message: cutToBytes(messageOf(error), MOST_BYTES),
  };
  if (reason !== undefined) failure.reason = reason;
  const stack = memberOf(error, 'stack');
  if (stack !== undefined) failure.stack = cutToBytes(stack, MOST_BYTES);
  return failure;
}

/** What an error says; an `AggregateError` that says nothing speaks by its errors. Empty when it cannot be read. */
export function messageOf(error: Error): string {
  const message = memberOf(error, 'message');
  if (message) return message;
  try {
    const errors = (error as Partial<AggregateError>).errors ?? [];
    const messages = errors.slice(0, MOST_ERRORS).map((one) => memberOf(Object(one), 'message'));
    return messages.filter((text) => text).join('; ');
  } catch {
    return '';
  }
}

/** Whether it is a `NonRetryableError`, or caused by one. */
export function isNonRetryable(error: unknown): boolean {
  return causedBy(error, NonRetryableError) !== undefined;
}

/** The error itself, or the first among its causes, that is of a class. */
export function causedBy<Kind extends Error>(
  thrown: unknown,
  kind: abstract new (...args: never[]) => Kind,
): Kind | undefined {
  let link = thrown;
  for (let depth = 0; depth < DEEPEST_CAUSE && isError(link); depth++) {
    if (isOf(link, kind)) return link;
    link = read(link, 'cause');
  }
  return undefined;
}

function isOf<Kind extends Error>(
  error: Error,
  kind: abstract new (...args: never[]) => Kind,
): error is Kind {
  try {
    return error instanceof kind;
  } catch {
    // A proxy may answer one question and throw at the next.
    return false;
  }
}

function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  const isThing = typeof thrown === 'object' || typeof thrown === 'function';
  if (!isThing || thrown === null) return `The handler threw ${String(thrown)}`;
  const message = memberOf(thrown, 'message');
  if (message) return message;
  try {
    return `The handler threw ${inspect(thrown, { depth: 1, breakLength: Infinity })}`;
  } catch {
    return 'The handler threw something that cannot be shown';
  }
}

/** The name an error gave itself, else that of its class. */
function nameOf(error: Error): string {
  const name = memberOf(error, 'name');
  if (name && name !== 'Error') return name;
  const constructor = read(error, 'constructor');
  const className = typeof constructor === 'function' ? memberOf(constructor, 'name') : undefined;
  return className || name || 'Error';
}

/** A member that is a text, if there is one and it can be read. */
function memberOf(value: object, key: string): string | undefined {
  const member = read(value, key);
  return typeof member === 'string' ? member : undefined;
}

function read(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
