import { Redis } from 'ioredis';
import { type Fact, type FactKind, FACTS_KEY } from '../processes/settings.js';

/** What the processes have written down so far, in the order in which it arrived. */
export class FactBook {
  private readonly redis: Redis;
  private readonly read: Fact[] = [];
  private reading: Promise<unknown> = Promise.resolve();

  constructor(url: string) {
    this.redis = new Redis(url);
  }

  /** One read after the other: each begins where the last one ended. */
  all(): Promise<readonly Fact[]> {
    const next = this.reading.then(async () => {
      const lines = await this.redis.lrange(FACTS_KEY, this.read.length, -1);
      for (const line of lines) this.read.push(JSON.parse(line) as Fact);
      return this.read;
    });
    this.reading = next;
    return next;
  }

  async of(kind: FactKind, id?: string): Promise<Fact[]> {
    const facts = await this.all();
    return facts.filter((fact) => fact.kind === kind && (id === undefined || fact.id === id));
  }

  async ids(kind: FactKind): Promise<string[]> {
    return (await this.of(kind)).map(({ id }) => id);
  }

  /** The facts of a kind by the job they are of. */
  async byId(kind: FactKind): Promise<Map<string, Fact[]>> {
    const groups = new Map<string, Fact[]>();
    for (const fact of await this.of(kind)) {
      const group = groups.get(fact.id);
      if (group) group.push(fact);
      else groups.set(fact.id, [fact]);
    }
    return groups;
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** The jobs that something happened to more often than once. */
export const repeated = (groups: ReadonlyMap<string, readonly Fact[]>): string[] =>
  [...groups].filter(([, facts]) => facts.length > 1).map(([id]) => id);
