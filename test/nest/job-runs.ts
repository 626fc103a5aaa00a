import type { INestApplicationContext, ModuleMetadata, Provider } from '@nestjs/common';
import {
  type JobFailedError,
  JobScheduler,
  type RunAndWaitOptions,
  WaitTimeoutError,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { AgendaRedisModule, type AgendaRedisOptions } from '../../lib/nest/index.js';
import type { Apps } from './support.js';

/** A module over memory with these providers. */
export function withJobs(
  providers: readonly Provider[],
  options: AgendaRedisOptions = {},
): ModuleMetadata {
  const module = AgendaRedisModule.forRoot({ backend: new MemoryBackend(), ...options });
  return { imports: [module], providers: [...providers] };
}

/** Starts an application of that. */
export function appOf(
  apps: Apps,
  providers: readonly Provider[],
  options: AgendaRedisOptions = {},
): Promise<INestApplicationContext> {
  return apps.start(withJobs(providers, options));
}

/** Runs a job of the application to its end, and gives its result. */
export function run(
  app: INestApplicationContext,
  name: string,
  data?: unknown,
  options?: RunAndWaitOptions,
): Promise<unknown> {
  return app.get(JobScheduler).runAndWait(name, data, options);
}

/** Runs a job that fails for good, and gives what is stored of it. */
export async function runFailing(
  app: INestApplicationContext,
  name: string,
  data?: unknown,
  options?: RunAndWaitOptions,
): Promise<JobFailedError['failure'] & { readonly attempts: number }> {
  try {
    await run(app, name, data, options);
  } catch (error) {
    if (error instanceof WaitTimeoutError) throw error;
    const { failure, attempts } = error as JobFailedError;
    return { ...failure, attempts };
  }
  throw new Error(`A job "${name}" succeeded that should have failed.`);
}
