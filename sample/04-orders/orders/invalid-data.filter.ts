import {
  BadRequestException,
  Catch,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InvalidDataError } from 'nestjs-agenda-redis';

/** What the schema of a job refuses is the mistake of who has sent it. */
@Catch(InvalidDataError)
export class InvalidDataFilter implements ExceptionFilter<InvalidDataError> {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch({ issues }: InvalidDataError, host: ArgumentsHost): void {
    const answer = new BadRequestException(
      issues.map(({ path, message }) => `${path}: ${message}`),
    );
    const response: unknown = host.switchToHttp().getResponse();
    this.adapterHost.httpAdapter.reply(response, answer.getResponse(), answer.getStatus());
  }
}
