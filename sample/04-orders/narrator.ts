import { Injectable } from '@nestjs/common';
import { OnJobEvent, type JobDeadEvent } from 'nestjs-agenda-redis';

/** Tells what happens, a line each, with the seconds since the start. */
@Injectable()
export class Narrator {
  private readonly startedAt = performance.now();

  tell(what: string): void {
    const seconds = (performance.now() - this.startedAt) / 1_000;
    console.log(`${seconds.toFixed(2)} s  ${what}`);
  }

  @OnJobEvent('dead')
  onDead({ name, failure }: JobDeadEvent): void {
    this.tell(`${name}: a dead letter, ${failure.reason}; ${failure.name}: ${failure.message}`);
  }
}
