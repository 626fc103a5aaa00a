import type { AgendaBackend } from '../../lib/core/contracts/agenda-backend.js';
import { MemoryBackend, type MemoryBackendOptions } from '../../lib/memory/index.js';
import { FaultyBroker } from './faulty-broker.js';
import { SpreadBroker } from './spread-broker.js';
import { SpreadChannel } from './spread-channel.js';
import { SpreadManager } from './spread-manager.js';

export interface SpreadBackend extends AgendaBackend {
  /** Its partitions. */
  readonly memories: readonly MemoryBackend[];
  /** In front of each partition, a broker that records its calls, and fails or waits on command. */
  readonly faults: readonly FaultyBroker[];
}

/** A store of so many partitions, each a memory backend of its own. Rows of its repository are not spread. */
export function makeSpreadBackend(
  partitions: number,
  options: MemoryBackendOptions = {},
): SpreadBackend {
  const memories = Array.from({ length: partitions }, () => new MemoryBackend(options));
  const faults = memories.map(({ broker }) => new FaultyBroker(broker));
  const [first] = memories;
  return {
    name: 'spread',
    memories,
    faults,
    repository: first!.repository,
    logger: first!.logger,
    notificationChannel: new SpreadChannel(memories.map((one) => one.notificationChannel)),
    broker: new SpreadBroker(faults),
    manager: new SpreadManager(memories.map(({ manager }) => manager)),
    async connect() {
      await Promise.all(memories.map((memory) => memory.connect()));
    },
    async disconnect() {
      await Promise.all(memories.map((memory) => memory.disconnect()));
    },
  };
}
