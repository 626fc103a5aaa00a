import { inspect } from 'node:util';
import type { INestApplication, Type } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  AgendaDashboardModule,
  type AgendaDashboardOptions,
} from '../../../../lib/dashboard/index.js';
import {
  AgendaRedisModule,
  JobScheduler,
  type AgendaRedisOptions,
  type JobOptions,
  type StateCounts,
} from '../../../../lib/index.js';
import { JobManager } from '../../../../lib/core/index.js';
import { until } from '../../../nest/support.js';
import { storeOptions } from '../../../support/redis-endpoint.js';
import { type Deed, Workshop } from './workshop.js';

export interface DashboardAppOptions {
  readonly dashboard?: AgendaDashboardOptions;
  readonly jobs?: AgendaRedisOptions;
  readonly platform?: 'express' | 'fastify';
  readonly globalPrefix?: string;
  /** Whether this application runs jobs. @default true */
  readonly works?: boolean;
  /** @default those of the tests */
  readonly handlers?: Type;
  /** @default a free one */
  readonly port?: number;
}

let started = 0;

/** An application of Nest with the dashboard on Redis, with keys of its own. */
export class DashboardApp {
  private constructor(
    private readonly app: INestApplication,
    /** Of the whole application, without a slash at its end. */
    readonly origin: string,
    /** Of the page. */
    readonly url: string,
    readonly keyPrefix: string,
  ) {}

  static async start(options: DashboardAppOptions = {}): Promise<DashboardApp> {
    const { dashboard = { public: true }, globalPrefix = '', works = true } = options;
    const keyPrefix =
      options.jobs?.keyPrefix ?? `browser-${process.pid}-${Date.now()}-${started++}:`;
    const jobs = { ...storeOptions, keyPrefix, ...options.jobs };
    const module = await Test.createTestingModule({
      imports: [
        AgendaRedisModule.forRoot({ processEvery: '50 ms', ...jobs, worker: works }),
        AgendaDashboardModule.forRoot(dashboard),
      ],
      providers: works ? [options.handlers ?? Workshop] : [],
    }).compile();
    const quiet = { logger: false } as const;
    const app =
      options.platform === 'fastify'
        ? module.createNestApplication(new FastifyAdapter(), quiet)
        : module.createNestApplication(quiet);
    if (globalPrefix !== '') app.setGlobalPrefix(globalPrefix);
    await app.listen(options.port ?? 0, '127.0.0.1');
    const origin = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    const folders = [globalPrefix, (dashboard.path ?? '/jobs').replace(/^\//, '')].filter(Boolean);
    return new DashboardApp(app, origin, [origin, ...folders, ''].join('/'), keyPrefix);
  }

  get scheduler(): JobScheduler {
    return this.app.get(JobScheduler);
  }

  get manager(): JobManager {
    return this.app.get(JobManager);
  }

  /** Adds a job, and waits until it has met its fate. @returns its id */
  meets(fate: Fate, name: string, deed: object = {}): Promise<string> {
    return this.meetsAs({}, fate, name, deed);
  }

  async meetsAs(options: JobOptions, fate: Fate, name: string, deed: object): Promise<string> {
    const { id } = await this.scheduler.now(name, { ...deed, fate }, options);
    await this.untilJob(id, FATES[fate]);
    return id;
  }

  /** Waits until the job is as it should be, seen past the dashboard. */
  async untilJob(id: string, is: (job: Seen) => boolean): Promise<void> {
    let seen: Seen | undefined;
    await until(async () => {
      seen = await this.scheduler.inspect(id);
      return seen !== undefined && is(seen);
    }).catch((cause: unknown) => {
      throw new Error(`It is not as it should be: ${inspect(seen)}`, { cause });
    });
  }

  async untilGone(id: string): Promise<void> {
    await until(async () => (await this.scheduler.inspect(id)) === undefined);
  }

  async counts(name: string): Promise<StateCounts> {
    return this.scheduler.counts(name);
  }

  async close(): Promise<void> {
    await this.app.close();
  }
}

type Fate = NonNullable<Deed['fate']>;
type Seen = NonNullable<Awaited<ReturnType<JobScheduler['inspect']>>>;

const FATES: Record<Fate, (job: Seen) => boolean> = {
  completes: ({ state }) => state === 'completed',
  dies: ({ deadReason }) => deadReason !== undefined,
  retries: ({ job, deadReason }) => job.failReason !== undefined && deadReason === undefined,
  runs: ({ state }) => state === 'running',
};
