import {
  Catch,
  HttpException,
  Inject,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  AgendaError,
  BackendClosedError,
  BackendFullError,
  ConnectionError,
  DurabilityError,
  InvalidCursorError,
  InvalidDataError,
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
  JobNotFoundError,
  QueueFullError,
  UnsupportedOperationError,
} from '../core/index.js';
import { withoutSecrets } from '../nest/without-secrets.js';
import { Answers } from './answers.js';
import type { ApiError } from './api/index.js';

/** What a request has come to that was not granted, by the error it ended with; the first class that fits counts. */
const STATUS_CODES: readonly (readonly [type: abstract new (...args: never[]) => Error, number])[] =
  [
    [InvalidOptionError, 400],
    [InvalidJobError, 400],
    [InvalidScheduleError, 400],
    [InvalidDataError, 400],
    [InvalidCursorError, 400],
    [JobNotFoundError, 404],
    [QueueFullError, 409],
    [UnsupportedOperationError, 501],
    [ConnectionError, 503],
    [BackendFullError, 503],
    [BackendClosedError, 503],
    [DurabilityError, 503],
  ];

/** Answers errors in the shape of the API. Those nobody expects are logged, and only said to have happened. */
@Catch()
export class ErrorAnswers implements ExceptionFilter {
  private readonly logger = new Logger('AgendaDashboard');

  constructor(
    @Inject(Answers) private readonly answers: Answers,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  catch(error: unknown, context: ArgumentsHost): void {
    this.answer(error, context);
  }

  protected answer(error: unknown, context: ArgumentsHost): void {
    const response: unknown = context.switchToHttp().getResponse();
    const told = apiErrorOf(error);
    if (told.statusCode === 500) this.log(error);
    // A guard may have answered itself, such as by a redirect to where one logs in.
    if (this.host.httpAdapter.isHeadersSent(response)) return;
    this.answers.json(response, told, told.statusCode);
  }

  private log(error: unknown): void {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    this.logger.error(withoutSecrets(message), stack && withoutSecrets(stack));
  }
}

export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof HttpException) return httpErrorOf(error);
  const [, statusCode] = STATUS_CODES.find(([type]) => error instanceof type) ?? [];
  if (statusCode !== undefined && error instanceof AgendaError) {
    return { statusCode, error: error.name, message: withoutSecrets(error.message) };
  }
  const message = 'Something went wrong that nobody expected; the log of the server says more.';
  return { statusCode: 500, error: 'Internal Server Error', message };
}

function httpErrorOf(error: HttpException): ApiError {
  const statusCode = error.getStatus();
  const body = error.getResponse();
  const told = typeof body === 'string' ? { message: body } : (body as Partial<ApiError>);
  const name = typeof told.error === 'string' ? told.error : error.name;
  const message = typeof told.message === 'string' ? told.message : error.message;
  return { statusCode, error: name, message };
}
