import { AgendaError } from '../core/index.js';

/** A decorated method that cannot serve: the message names class and method, and the remedy. */
export class InvalidHandlerError extends AgendaError {
  constructor(
    /** `Class.method`, or the class where all of it is meant. */
    readonly place: string,
    problem: string,
    remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${place}: ${problem}. ${remedy}`, options);
  }
}
