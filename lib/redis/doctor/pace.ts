import { setTimeout as sleep } from 'node:timers/promises';

/** Shorter rests are saved up. */
const SHORTEST_REST_MS = 5;

/** How much of a server's time a walk takes: after its calls it rests in proportion. */
export class Pace {
  calls = 0;
  longestMs = 0;
  private owedMs = 0;

  /** @param percent - the most of a server's time it may take, 1 to 100 */
  constructor(private readonly percent: number) {}

  async call<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const begun = performance.now();
    const answer = await ask();
    const took = performance.now() - begun;
    this.calls += 1;
    this.longestMs = Math.max(this.longestMs, took);
    this.owedMs += (took * (100 - this.percent)) / this.percent;
    if (this.owedMs >= SHORTEST_REST_MS) await this.rest();
    return answer;
  }

  private async rest(): Promise<void> {
    const restMs = this.owedMs;
    this.owedMs = 0;
    await sleep(restMs);
  }
}
