import { Injectable } from '@nestjs/common';
import { InvalidOptionError } from '../../core/index.js';
import { HandlerExplorer } from '../discovery/handler-explorer.js';
import { InvalidHandlerError } from '../errors.js';
import { HandlerCalls } from '../pipeline/handler-calls.js';
import { DEFAULT_INSTANCE } from '../tokens.js';
import type { InstanceHost } from './instance-host.js';

/** The instances of one application, which start and drain together. */
@Injectable()
export class ApplicationHosts {
  private readonly hosts = new Map<string, InstanceHost>();
  private explored = false;

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly calls: HandlerCalls,
  ) {}

  /** @throws InvalidOptionError for an instance that is there already, or that would share its jobs */
  register(host: InstanceHost): void {
    if (this.hosts.has(host.instance)) {
      const expected = 'another one for each forRoot or forRootAsync of an application';
      throw new InvalidOptionError('instance', host.instance, expected);
    }
    for (const other of this.hosts.values()) {
      if (!host.sharesJobsWith(other)) continue;
      throw new InvalidOptionError(
        'keyPrefix',
        host.namespace,
        `another one for the instance "${host.instance}" than for "${other.instance}", ` +
          'which keeps its jobs in the same place',
      );
    }
    this.hosts.set(host.instance, host);
  }

  /** Opens an instance's connections, after a look at the handlers of all: mistakes need no Redis to be found. */
  async open(host: InstanceHost): Promise<void> {
    await this.orCloseAll(async () => {
      this.explore();
      await host.connect();
    });
  }

  async start(): Promise<void> {
    await this.orCloseAll(async () => {
      for (const host of this.hosts.values()) host.refuseUnknownOverrides();
      const starts = await Promise.allSettled(this.all((host) => host.start()));
      const failed = starts.find((start) => start.status === 'rejected');
      if (failed) throw failed.reason;
    });
  }

  /** Never rejects. */
  async drain(): Promise<void> {
    await Promise.all(this.all((host) => host.drain()));
  }

  private explore(): void {
    if (this.explored) return;
    const { handlers, listeners } = this.explorer.explore();
    for (const handler of handlers) {
      const host = this.hostOf(handler.options.instance, handler.place);
      const call = this.calls.make(handler.target, host.enhancersFor(handler));
      host.handle({ ...handler, call });
    }
    for (const listener of listeners) {
      this.hostOf(listener.instance, listener.place).listen(listener);
    }
    this.explored = true;
  }

  private hostOf(instance: string = DEFAULT_INSTANCE, place: string): InstanceHost {
    const host = this.hosts.get(instance);
    if (host) return host;
    const known = [...this.hosts.keys()].map((name) => `"${name}"`).join(', ');
    throw new InvalidHandlerError(
      place,
      `it is for the instance "${instance}", and there is none of that name`,
      `Known are ${known}: name one with { instance }, or add AgendaRedisModule.forRoot({ instance: '${instance}', … }).`,
    );
  }

  /** An application that does not start must not stay connected. */
  private async orCloseAll(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await Promise.all(this.all((host) => host.close()));
      throw error;
    }
  }

  private all<T>(work: (host: InstanceHost) => T): T[] {
    return [...this.hosts.values()].map(work);
  }
}
