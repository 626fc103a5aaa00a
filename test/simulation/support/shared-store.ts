import type { AgendaBackend } from '../../../lib/core/contracts/agenda-backend.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { SpreadBroker } from '../../support/spread-broker.js';
import { SpreadChannel } from '../../support/spread-channel.js';
import { SpreadManager } from '../../support/spread-manager.js';
import { Calls } from './calls.js';
import { FarBroker } from './far-broker.js';
import { FarChannel } from './far-channel.js';
import type { Link } from './link.js';

/** What became of a job, as the store has it. */
export interface StoredEnd {
  readonly id: string;
  readonly isCompleted: boolean;
  /** Runs that count. */
  readonly attempt: number;
  readonly rescues: number;
  /** Runs that were handed back, and do not count. */
  readonly releases: number;
}

/** The store of all processes: one memory backend for each partition, reached by links. */
export class SharedStore {
  private calls = new Calls();
  private readonly memories: readonly MemoryBackend[];

  constructor(partitions: number) {
    this.memories = Array.from({ length: partitions }, () => new MemoryBackend());
  }

  /** From now on calls are counted there. */
  countIn(calls: Calls): void {
    this.calls = calls;
  }

  /** The store as one process sees it. */
  reachedBy(link: Link): AgendaBackend {
    const { memories } = this;
    const [first] = memories;
    const brokers = memories.map(
      ({ broker }) => new FarBroker(broker, link, (call) => this.calls.count(call)),
    );
    const isOne = memories.length === 1;
    const channel = isOne
      ? first!.notificationChannel
      : new SpreadChannel(memories.map(({ notificationChannel }) => notificationChannel));
    return {
      name: 'simulated',
      repository: first!.repository,
      notificationChannel: new FarChannel(channel, link),
      broker: isOne ? brokers[0]! : new SpreadBroker(brokers),
      manager: isOne ? first!.manager : new SpreadManager(memories.map(({ manager }) => manager)),
      async connect() {
        for (const memory of memories) await memory.connect();
      },
      async disconnect() {
        for (const memory of memories) await memory.disconnect();
      },
    };
  }

  /** Every job there is. */
  ends(): StoredEnd[] {
    return this.memories.flatMap((memory) =>
      (memory.snapshot() as Snapshot).jobs.map(({ birth, happened }) => ({
        id: birth.id,
        isCompleted: happened.nextRunAt === null && happened.lastFinishedAt !== null,
        attempt: happened.attempt,
        rescues: happened.rescueCount,
        releases: happened.releaseCount,
      })),
    );
  }
}

/** As far as it is read here. */
interface Snapshot {
  readonly jobs: readonly {
    readonly birth: { readonly id: string };
    readonly happened: {
      readonly nextRunAt: number | null;
      readonly lastFinishedAt: number | null;
      readonly attempt: number;
      readonly rescueCount: number;
      readonly releaseCount: number;
    };
  }[];
}
