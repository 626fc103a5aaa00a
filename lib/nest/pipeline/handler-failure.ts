import { HttpException } from '@nestjs/common';
import { type DataIssue, InvalidDataError, NonRetryableError } from '../../core/index.js';
import type { Blame } from './blame.js';
import { issuesOf } from './exception-issues.js';

/*
 * What an error of the pipeline means for the job:
 *
 *   refused by a guard (401, 403)    no retry: `unrecoverable`, under the exception's own name
 *   refused by a pipe (400, 422)     no retry: `invalid-data`
 *   any other                        a failure like every other
 */

/** @returns what is to be thrown instead; the error itself where it means nothing else */
export function failureOf(thrown: unknown, jobName: string, blame: Blame): unknown {
  const blamed = blame.find(thrown);
  if (blamed?.error instanceof HttpException) {
    const { culprit, error: exception } = blamed;
    const status = exception.getStatus();
    if (culprit === 'guard' && (status === 401 || status === 403)) {
      return new RefusedByGuard(exception, thrown);
    }
    if (culprit === 'pipe' && (status === 400 || status === 422)) {
      return new InvalidDataError(jobName, issuesOf(exception), { cause: thrown });
    }
  }
  return explained(thrown);
}

/** A guard said no. Retrying would ask it the same again. */
class RefusedByGuard extends NonRetryableError {
  constructor({ name, message }: HttpException, cause: unknown) {
    super(message, { cause });
    this.name = name;
  }
}

/**
 * Gives an HTTP exception that was made of a list the words of that list: its own message is the name of its class. It
 * stays the same object, since `isFailure`, backoffs and listeners may ask for its class.
 */
export function explained(thrown: unknown): unknown {
  if (!(thrown instanceof HttpException)) return thrown;
  const response = thrown.getResponse();
  if (typeof response === 'string' || !Array.isArray(Object(response).message)) return thrown;
  try {
    thrown.message = issuesOf(thrown).map(toldOf).join('; ');
  } catch {
    // Frozen: its class has to say it.
  }
  return thrown;
}

const toldOf = ({ path, message }: DataIssue): string =>
  path === '' ? message : `${path}: ${message}`;
