import { join } from 'node:path';
import { ChildApp } from './child-app.js';
import { compilePackage, type CompiledPackage } from './compiled-package.js';
import type { PageCode } from './page-code.js';
import { startPrivateRedis, type PrivateRedis } from './redis-server.mjs';

export interface PagePrograms {
  /** Starts a program beside the files that it imports; `REDIS_URL` is told to it. */
  start(
    source: string,
    files?: PageCode['files'],
    environment?: NodeJS.ProcessEnv,
  ): Promise<ChildApp>;
}

/**
 * Runs what pages of the docs show, with the compiled package and a Redis of their own. For the top of a spec: all is
 * made ready before its tests, and cleared away after them.
 */
export function pagePrograms(): PagePrograms {
  let compiled: CompiledPackage;
  let redis: PrivateRedis;
  const started: ChildApp[] = [];

  beforeAll(async () => {
    [compiled, redis] = await Promise.all([compilePackage(), startPrivateRedis()]);
  });
  afterAll(async () => {
    await Promise.all(started.map((child) => child.kill()));
    await Promise.all([compiled.remove(), redis.stop()]);
  });

  return {
    async start(source, files = [], environment = {}) {
      for (const { name, code } of files) await compiled.add(name, code);
      await compiled.add('main.ts', source);
      const child = new ChildApp(join(compiled.dir, 'main.js'), {
        REDIS_URL: redis.url,
        ...environment,
      });
      started.push(child);
      return child;
    },
  };
}
