import { randomUUID } from 'node:crypto';
import type { BullBoardRequest } from '@bull-board/api/dist/types.js';
import type { JobScheduler } from '../core/index.js';
import type { BullBoardOptions } from './adapter-options.js';
import { BoardStore } from './board-store.js';
import { JobNameAdapter } from './job-name-adapter.js';

/**
 * All names that have jobs, also those that get some later: on the board it is never seen itself, but whenever somebody
 * looks it adds the adapters that are missing, and takes away those of names that are forgotten.
 *
 * @example
 * createBullBoard({ queues: [new AllJobNames(scheduler)], serverAdapter });
 */
export class AllJobNames extends JobNameAdapter {
  private readonly all: BoardStore;
  private readonly adapters = new Map<string, JobNameAdapter>();
  private readonly settings: ((adapter: JobNameAdapter) => void)[] = [];
  /** No job can have such a name. */
  private readonly hiddenName = `\n${randomUUID()}`;

  /**
   * @param options - of every name
   * @throws InvalidOptionError
   */
  constructor(
    private readonly scheduler: JobScheduler,
    private readonly options: BullBoardOptions = {},
  ) {
    super(scheduler, '', options);
    this.all = BoardStore.of(scheduler);
  }

  override getName(): string {
    return this.hiddenName;
  }

  override setVisibilityGuard(guard: Parameters<JobNameAdapter['setVisibilityGuard']>[0]): void {
    this.settle((adapter) => adapter.setVisibilityGuard(guard));
  }

  override setFormatter(...rule: Parameters<JobNameAdapter['setFormatter']>): void {
    this.settle((adapter) => adapter.setFormatter(...rule));
  }

  /** The board asks each of its queues before it shows them: the moment to say which there are. */
  override async isVisible({ queues }: BullBoardRequest): Promise<boolean> {
    const names = new Set(await this.all.names());
    for (const name of names) this.show(name, queues);
    for (const [name, adapter] of this.adapters) {
      if (names.has(name)) continue;
      this.adapters.delete(name);
      if (queues.get(adapter.getName()) === adapter) queues.delete(adapter.getName());
    }
    return false;
  }

  /** Says something of every name, now and later. */
  private settle(setting: (adapter: JobNameAdapter) => void): void {
    this.settings.push(setting);
    for (const adapter of this.adapters.values()) setting(adapter);
  }

  private show(name: string, queues: BullBoardRequest['queues']): void {
    if (this.adapters.has(name)) return;
    const adapter = new JobNameAdapter(this.scheduler, name, this.options);
    for (const setting of this.settings) setting(adapter);
    this.adapters.set(name, adapter);
    // Somebody may have put the name on the board with options of its own.
    if (!queues.has(adapter.getName())) queues.set(adapter.getName(), adapter);
  }
}
