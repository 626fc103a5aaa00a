import type { LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';

/** A log to look at. */
export class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];

  log = (line: unknown, ...rest: unknown[]): void => this.write('log', line, rest);
  warn = (line: unknown, ...rest: unknown[]): void => this.write('warn', line, rest);
  error = (line: unknown, ...rest: unknown[]): void => this.write('error', line, rest);
  debug = (): void => {};
  verbose = (): void => {};

  /** Lines of our own context, without those of Nest. */
  get ours(): string[] {
    return this.lines.filter((line) => line.includes('[AgendaRedis'));
  }

  private write(level: string, line: unknown, rest: unknown[]): void {
    this.lines.push(`${level} [${String(rest.at(-1))}] ${String(line)}`);
  }
}

/** Applications of one spec file, closed after each test. */
export class Apps {
  private readonly open: TestingModule[] = [];
  logger = new RecordingLogger();

  /** Makes the application and runs its starting hooks. */
  async start(
    metadata: ModuleMetadata,
    change: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
  ): Promise<TestingModule> {
    const app = await this.build(metadata, change);
    try {
      await app.init();
    } catch (error) {
      // Nest 11 rejects here once more.
      await app.close().catch(() => undefined);
      throw error;
    }
    this.open.push(app);
    return app;
  }

  /** Makes the application without starting it. */
  build(
    metadata: ModuleMetadata,
    change: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
  ): Promise<TestingModule> {
    return change(Test.createTestingModule(metadata).setLogger(this.logger)).compile();
  }

  async closeAll(): Promise<void> {
    this.logger = new RecordingLogger();
    await Promise.all(this.open.splice(0).map((app) => app.close()));
  }
}

/** Waits until something holds; rejects after some seconds, so that a failing test ends. */
export async function until(holds: () => unknown): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
