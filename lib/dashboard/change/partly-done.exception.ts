import { HttpException } from '@nestjs/common';
import { apiErrorOf } from '../error-answers.js';

/** A change of many has failed on the way: some are changed, and it may be asked for again. */
export class PartlyDoneException extends HttpException {
  constructor(
    readonly changed: number,
    cause: Error,
  ) {
    const { statusCode, message } = apiErrorOf(cause);
    super(`${changed} were changed before it failed: ${message}`, statusCode, { cause });
  }
}
