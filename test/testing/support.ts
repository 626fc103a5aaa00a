import type { ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { JobScheduler } from '../../lib/core/index.js';
import {
  AgendaRedisTestingModule,
  JobTesting,
  type AgendaRedisTestingOptions,
} from '../../lib/testing/index.js';

/** Sunday, 2027-03-07 10:00 UTC: when every test begins. */
export const START = Date.UTC(2027, 2, 7, 10);

/** What a test of the kit works with. */
export interface Stage {
  readonly app: TestingModule;
  readonly jobs: JobTesting;
  readonly scheduler: JobScheduler;
}

/** Starts an application with these providers on the store of the suite. */
export type SetUp = (
  providers: ModuleMetadata['providers'],
  options?: AgendaRedisTestingOptions,
) => Promise<Stage>;

/** A log that nobody reads. */
export const silent = { log() {}, warn() {}, error() {}, debug() {}, verbose() {} };

/** Starts applications, and closes them after each test. */
export function stages(store: () => AgendaRedisTestingOptions = () => ({})): SetUp {
  const open: TestingModule[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((app) => app.close()));
  });
  return async (providers, options = {}) => {
    const testing = AgendaRedisTestingModule.forRoot({ now: START, ...store(), ...options });
    const app = await Test.createTestingModule({ imports: [testing], providers: providers ?? [] })
      .setLogger(silent)
      .compile();
    open.push(app);
    await app.init();
    return { app, jobs: app.get(JobTesting), scheduler: app.get(JobScheduler) };
  };
}

/** One suite for both stores: what it says holds for each of them alike. */
export function describeStores(title: string, suite: (setUp: SetUp) => void): void {
  describe(`${title} (memory)`, () => suite(stages()));
  describe(`${title} (redis)`, () => {
    suite(stages(() => ({ connectionString: process.env.TEST_REDIS_URL! })));
  });
}

/** The same in short: what ran, with which outcome, and when, in seconds after the start. */
export const told = (runs: Awaited<ReturnType<JobTesting['runAll']>>): string[] =>
  runs.map(
    ({ name, attempt, outcome, endedAt }) =>
      `${(endedAt.getTime() - START) / 1000} ${name} ${attempt} ${outcome}`,
  );
