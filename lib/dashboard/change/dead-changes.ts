import { Inject, Injectable } from '@nestjs/common';
import type { DeathReason } from '../../core/index.js';
import type { DeadAnswer, DeadFilter } from '../api/index.js';
import { DashboardInstance } from '../dashboard-instance.js';
import { PartlyDoneException } from './partly-done.exception.js';

type Meant = DeadFilter & { readonly limit: number };

/** Brings many dead letters back, or removes them: those that died first, in the bounded calls of the scheduler. */
@Injectable()
export class DeadChanges {
  constructor(@Inject(DashboardInstance) private readonly instance: DashboardInstance) {}

  /** @throws PartlyDoneException when the store has failed on the way */
  async requeue({ limit, ...filter }: Meant): Promise<DeadAnswer> {
    const meant = await this.meant(filter);
    const result = await this.instance.scheduler.requeue(meant, { limit });
    const { matched, requeued, stopped, error } = result;
    if (error) throw new PartlyDoneException(requeued, error);
    return { matched, changed: requeued, more: stopped === 'limit' };
  }

  async purge({ limit, ...filter }: Meant): Promise<DeadAnswer> {
    const { olderThan = 0, ...meant } = await this.meant(filter);
    const gone = await this.instance.scheduler.clean({
      ...meant,
      state: 'failed',
      olderThan,
      limit,
    });
    return { matched: gone, changed: gone, more: gone === limit };
  }

  /** The names are listed where nobody has said them: without any criterion the scheduler means nothing. */
  private async meant({ names, reason, olderThan }: DeadFilter) {
    return {
      names: names ?? (await this.namesWithDead()),
      ...(reason !== undefined && { reason: reason as DeathReason }),
      ...(olderThan !== undefined && { olderThan }),
    };
  }

  private async namesWithDead(): Promise<string[]> {
    const counts = Object.entries(await this.instance.scheduler.counts());
    return counts.filter(([, { dead }]) => dead > 0).map(([name]) => name);
  }
}
