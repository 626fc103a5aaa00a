import { Inject, Injectable } from '@nestjs/common';
import type { Overview } from '../api/index.js';
import { DashboardInstance } from '../dashboard-instance.js';
import { readOverview } from './overview.js';

/** How long an overview is good enough for the next who asks, in ms. */
const FRESH_MS = 1_000;

/** The overview, read at most once a second, however many look at it. */
@Injectable()
export class SharedOverview {
  private newest: Promise<Overview> | undefined;
  private readAt = -Infinity;
  private isReading = false;

  constructor(@Inject(DashboardInstance) private readonly instance: DashboardInstance) {}

  read(): Promise<Overview> {
    const isFresh = this.isReading || performance.now() - this.readAt < FRESH_MS;
    if (this.newest && isFresh) return this.newest;
    const reading = readOverview(this.instance);
    this.newest = reading;
    this.readAt = performance.now();
    this.isReading = true;
    void reading.then(
      () => (this.isReading = false),
      () => this.forget(),
    );
    return reading;
  }

  /** For how long what was read last is what others are told, too, in ms. */
  get freshForMs(): number {
    return Math.max(this.readAt + FRESH_MS - performance.now(), 0);
  }

  /** Who asks after a failure is no victim of it. */
  private forget(): void {
    this.newest = undefined;
    this.isReading = false;
  }
}
