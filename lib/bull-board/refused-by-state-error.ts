import { AgendaError } from '../core/index.js';

/** What the board was to do with a job its state does not allow, or somebody else was faster. */
export class RefusedByStateError extends AgendaError {
  constructor(
    readonly jobId: string,
    done: string,
    readonly answer: string,
  ) {
    super(`Job ${jobId} was not ${done}: ${answer}.`);
  }
}
