import { Engine, type EngineOptions } from '../../../lib/core/index.js';
import { MemoryBackend } from '../../../lib/memory/index.js';

/** Engines on stores of plain rows, which bring a repository and nothing else, and others beside them. */
export class PlainEngines {
  private readonly engines: Engine[] = [];

  async open(options: EngineOptions = {}): Promise<Engine> {
    const { repository } = new MemoryBackend();
    const nothing = async () => {};
    const backend = { name: 'Plain', repository, connect: nothing, disconnect: nothing };
    return this.take(new Engine(backend, options));
  }

  /** Opens one that is closed with the others. */
  async take(engine: Engine): Promise<Engine> {
    this.engines.push(engine);
    await engine.connect();
    return engine;
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.engines.splice(0).map((engine) => engine.close()));
  }
}
