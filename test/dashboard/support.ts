import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { JobScheduler, type AgendaBackend } from '../../lib/core/index.js';
import { AgendaDashboardModule, type AgendaDashboardOptions } from '../../lib/dashboard/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { AgendaRedisModule, type AgendaRedisOptions } from '../../lib/nest/index.js';
import { RecordingLogger } from '../nest/support.js';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export interface DashboardSetup {
  readonly platform?: Platform;
  /** Options of the adapter of Fastify. */
  readonly fastify?: ConstructorParameters<typeof FastifyAdapter>[0];
  readonly dashboard?: AgendaDashboardOptions;
  readonly agenda?: AgendaRedisOptions;
  readonly backend?: AgendaBackend;
  readonly metadata?: ModuleMetadata;
  /** Settings of the application before it starts. */
  readonly prepare?: (app: INestApplication) => unknown;
}

const closings: (() => unknown)[] = [];

/** What is to be closed after the test, the last one first. */
export const atEnd = (close: () => unknown): void => void closings.push(close);

export async function closeDashboards(): Promise<void> {
  for (const close of closings.splice(0).reverse()) await close();
}

/** A real application that listens, with a dashboard of the default instance. */
export async function startDashboard({
  platform = 'express',
  fastify = {},
  dashboard = { public: true },
  agenda,
  backend = new MemoryBackend(),
  metadata = {},
  prepare = () => undefined,
}: DashboardSetup = {}): Promise<RunningDashboard> {
  const logger = new RecordingLogger();
  const builder = Test.createTestingModule({
    ...metadata,
    imports: [
      // Handlers that would run for ever are told to end at once.
      AgendaRedisModule.forRoot({ backend, shutdown: { timeout: 10 }, ...agenda }),
      AgendaDashboardModule.forRoot(dashboard),
      ...(metadata.imports ?? []),
    ],
  }).setLogger(logger);
  const module = await builder.compile();
  const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter(fastify);
  const app = module.createNestApplication(adapter as ExpressAdapter);
  atEnd(() => app.close());
  await prepare(app);
  await app.listen(0, '127.0.0.1');
  return new RunningDashboard(app, logger, dashboard.path ?? '/jobs');
}

export class RunningDashboard {
  constructor(
    readonly app: INestApplication,
    readonly logger: RecordingLogger,
    readonly path: string,
  ) {}

  get scheduler(): JobScheduler {
    return this.app.get(JobScheduler);
  }

  /** Of the application, without a slash at the end. */
  get origin(): string {
    const { port } = this.app.getHttpServer().address() as { port: number };
    return `http://127.0.0.1:${port}`;
  }

  /** @param path - below that of the dashboard, such as `api/overview` */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.origin}${this.path}/${path}`, { redirect: 'manual', ...init });
  }

  /** The JSON of an answer that is a success. */
  async get<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Status and body of an answer, whatever it is. */
  async answer(path: string, init?: RequestInit): Promise<{ status: number; body: unknown }> {
    const response = await this.fetch(path, init);
    return { status: response.status, body: await response.json() };
  }
}
