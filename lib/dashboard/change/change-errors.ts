import { Catch, Inject, Injectable, type ArgumentsHost } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Answers } from '../answers.js';
import { Audit } from '../audit/audit.js';
import { toldError } from '../audit/told-error.js';
import { apiErrorOf, ErrorAnswers } from '../error-answers.js';
import { methodAskedFor } from '../lock/change-lock.js';
import { describedChange, type ChangeRequest } from './described-change.js';
import { PartlyDoneException } from './partly-done.exception.js';

/** Answers changes that were not made, and tells the audit of them: not of those who were not even let in. */
@Injectable()
@Catch()
export class ChangeErrors extends ErrorAnswers {
  constructor(
    @Inject(Answers) answers: Answers,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(Audit) private readonly audit: Audit,
  ) {
    super(answers, host);
  }

  override catch(error: unknown, context: ArgumentsHost): void {
    const request = context.switchToHttp().getRequest<ChangeRequest & object>();
    if (methodAskedFor(request) !== undefined) this.tell(error, request);
    this.answer(error, context);
  }

  private tell(error: unknown, request: ChangeRequest): void {
    this.audit.tell({
      ...describedChange(request),
      user: request.user,
      outcome: apiErrorOf(error).statusCode >= 500 ? 'failed' : 'refused',
      changed: error instanceof PartlyDoneException ? error.changed : 0,
      message: toldError(error),
    });
  }
}
