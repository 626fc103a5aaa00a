import { Injectable, Logger } from '@nestjs/common';
import { ApplicationConfig, ExternalContextCreator } from '@nestjs/core';
import type { JobFunction } from '../../core/index.js';
import { InvalidHandlerError } from '../errors.js';
import { LOG_CONTEXT } from '../log-context.js';
import { type AppliedEnhancers, appliedEnhancers, has, needsNest } from './applied-enhancers.js';
import { directCall } from './direct-call.js';
import { enhancedCall } from './enhanced-call.js';
import type { Enhancers } from './enhancers.js';
import type { HandlerMethod } from './handler-method.js';
import { checkScopedGlobals } from './scoped-globals.js';
import { refuseTransientEnhancers } from './transient-enhancers.js';
import { HandlerParameters } from './handler-parameters.js';

/** Makes of handlers' methods what the engine calls: the method itself, unless Nest has something to do around it. */
@Injectable()
export class HandlerCalls {
  private readonly logger = new Logger(LOG_CONTEXT);

  constructor(
    private readonly nest: ExternalContextCreator,
    private readonly application: ApplicationConfig,
  ) {}

  /**
   * Once for each handler, at the start, when all providers and global enhancers are there.
   *
   * @throws InvalidHandlerError naming class and method, also when this version of Nest is made otherwise
   */
  make(handler: HandlerMethod, enhancers: Enhancers): JobFunction {
    const warn = (line: string): void => this.logger.warn(line);
    checkScopedGlobals(handler, enhancers, this.application, warn);
    refuseTransientEnhancers(handler, enhancers);
    const parameters = new HandlerParameters(handler);
    const applied = appliedEnhancers(handler, enhancers, this.application);
    if (!parameters.isPiped) this.tellOfIdlePipes(handler, applied);
    return needsNest(applied) || parameters.isDecorated
      ? enhancedCall(this.nest, handler, parameters, {
          enhancers,
          hasFilters: has(applied, 'filters'),
        })
      : directCall(handler);
  }

  /** Who writes a `ValidationPipe` believes that data is validated. */
  private tellOfIdlePipes({ place }: HandlerMethod, { onMethod, onClass }: AppliedEnhancers): void {
    const remedy = 'Declare a parameter for the data: (@JobData() data: SendWelcome, job: Job).';
    if (onMethod.pipes) {
      const problem =
        '@UsePipes stands on it, but no parameter takes the data, so pipes see nothing';
      throw new InvalidHandlerError(place, problem, remedy);
    }
    if (!onClass.pipes) return;
    this.logger.warn(
      `${place}: its class has @UsePipes, but none of its parameters takes the data, so pipes see nothing. ${remedy}`,
    );
  }
}
