import type { Claimed, ClaimRequest } from '../../../lib/core/contracts/job-broker.js';
import { START, type OpenBackend } from './backends.js';
import { claimRequest } from './builders.js';
import { hearAs } from './host-news.js';

export const STAND_MS = 600_000;

type Told = [host: string, name: string, ms: number];

interface Asked extends Omit<NonNullable<Parameters<typeof claimRequest>[0]>, 'standBy' | 'host'> {
  /** Named by the names it asks for, if left out. */
  group?: string;
  forMs?: number;
}

/** Worker hosts that may be left asleep, each with one slot unless a test says otherwise. */
export class Sleepers {
  /** The group in which each of them stands by, as it was told. */
  private readonly was = new Map<string, string>();
  private heard: Told[] = [];
  private heardSoFar: () => Promise<unknown> = async () => undefined;

  private constructor(private readonly store: OpenBackend) {}

  /** @param hosts - of which a test wants to know what they are told */
  static async of(store: OpenBackend, ...hosts: string[]): Promise<Sleepers> {
    const sleepers = new Sleepers(store);
    sleepers.heardSoFar = await hearAs(store, hosts, (host, name, at) => {
      sleepers.heard.push([host, name, at - START]);
    });
    sleepers.heard = [];
    return sleepers;
  }

  /** Claims as hosts do, and remembers where that left it. */
  async claim(host: string, asked: Asked = {}): Promise<Claimed> {
    return this.send(this.request(host, asked));
  }

  request(host: string, { group, forMs = STAND_MS, ...asked }: Asked = {}): ClaimRequest {
    const request = claimRequest({ slots: 1, ...asked, host });
    const ofNames = request.names.map(({ name }) => name).join('+');
    const was = this.was.get(host) ?? '';
    return { ...request, standBy: { group: group ?? `group:${ofNames}`, was, forMs } };
  }

  async send(
    request: ClaimRequest,
    settlements: Parameters<OpenBackend['broker']['settleAndClaim']>[0] = [],
  ): Promise<Claimed> {
    const claimed = await this.store.broker.settleAndClaim(settlements, request);
    this.was.set(request.host, claimed.standsBy ? request.standBy!.group : '');
    return claimed;
  }

  /** All of them claim and find nothing, one after the other: each sleeps for a ms longer than the next one. */
  async rest(...hosts: string[]): Promise<void> {
    for (const host of hosts) {
      const { standsBy } = await this.claim(host);
      if (!standsBy) throw new Error(`${host} found something to do`);
      this.store.clock.advance(1);
    }
    await this.told();
  }

  /** Who was told since, of what, and for when. */
  async told(): Promise<Told[]> {
    await this.heardSoFar();
    const { heard } = this;
    this.heard = [];
    return heard;
  }

  /** Who was told since, in order. */
  async woken(): Promise<string[]> {
    return (await this.told()).map(([host]) => host);
  }
}
