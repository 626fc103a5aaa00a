import { Injectable } from '@nestjs/common';
import { OnJobEvent, type JobDeadEvent, type JobRetryingEvent } from 'nestjs-agenda-redis';

/** Tells what happens, a line each, with the seconds since the start. */
@Injectable()
export class Narrator {
  private readonly startedAt = performance.now();

  tell(what: string): void {
    const seconds = (performance.now() - this.startedAt) / 1_000;
    console.log(`${seconds.toFixed(2)} s  ${what}`);
  }

  @OnJobEvent('retrying')
  onRetrying({ job, error, delayMs }: JobRetryingEvent): void {
    this.tell(
      `${job.name}: attempt ${job.attempt} failed, ${error.message}; again in ${delayMs} ms`,
    );
  }

  @OnJobEvent('dead')
  onDead({ name, failure }: JobDeadEvent): void {
    this.tell(`${name}: ${failure.message} It is a dead letter now.`);
  }
}
