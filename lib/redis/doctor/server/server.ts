import type { Redis } from 'ioredis';
import { isError } from '../../../core/errors.js';
import { addressOfNode } from '../../cluster-routes.js';
import { readFacts, type Facts } from '../../check-server.js';
import type { Finding } from '../finding.js';
import type { RedisStore } from '../../redis-store.js';

/** One server that holds keys: the one there is, or a master of a Cluster. */
export class Server {
  constructor(
    readonly store: RedisStore,
    private readonly client: Redis,
    /** What INFO tells; nothing where that is not allowed. */
    readonly facts: Facts,
  ) {}

  static async of(store: RedisStore, client: Redis): Promise<Server> {
    const bare = new Server(store, client, new Map());
    const text = await bare.ask('INFO');
    return new Server(store, client, readFacts(typeof text === 'string' ? text : ''));
  }

  get address(): string {
    const { connection } = this.store;
    return connection.isCluster ? addressOfNode(this.client) : connection.address;
  }

  /** Of the server itself, 0 where it is not told. */
  get version(): number {
    return Number.parseInt(this.facts.get('redis_version') ?? '0', 10);
  }

  /** `undefined` where the user may not ask, or the server does not know the command. */
  async ask(...args: [string, ...string[]]): Promise<unknown> {
    try {
      return await this.client.call(...args);
    } catch (error) {
      if (isError(error) && /NOPERM|unknown (sub)?command/i.test(error.message)) return undefined;
      throw error;
    }
  }

  fault(code: string, message: string, remedy: string): Finding {
    return { ...this.finding(code, message), level: 'fault', remedy };
  }

  warning(code: string, message: string, remedy: string): Finding {
    return { ...this.finding(code, message), level: 'warning', remedy };
  }

  /** @param what - completes: It is unknown … */
  unchecked(code: string, what: string, remedy: string): Finding {
    return { ...this.finding(code, `It is unknown ${what}.`), level: 'unchecked', remedy };
  }

  private finding(code: string, message: string): Omit<Finding, 'level'> {
    return { code, subject: this.address, message: `${this.address}: ${message}`, outcome: 'left' };
  }
}

/** One look at a server. */
export type Look = (server: Server) => Promise<Finding[]> | Finding[];

/** How many bytes, for people. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const number = bytes / 1024 ** power;
  return `${power === 0 ? number : number.toFixed(1)} ${units[power]}`;
}
