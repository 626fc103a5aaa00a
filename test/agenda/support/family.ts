import { Agenda, type AgendaEventName, type AgendaOptions, type Job } from 'agenda';
import { RedisBackend, type RedisBackendOptions } from '../../../lib/redis/index.js';
import { newPrefix } from '../../redis/support.js';

/** So rarely that nothing in a test happens by looking. */
const NEVER = 3_600_000;

// Agenda leaves timers of minutes behind with its runs: they must not keep a process of tests alive.
const { setTimeout: set } = globalThis;
globalThis.setTimeout = Object.assign((run: () => void, ms?: number, ...args: []) => {
  const timer = set(run, ms, ...args);
  return ms !== undefined && ms > 10_000 ? timer.unref() : timer;
}, set);

type Run = (job: Job) => unknown;
type Settings = Partial<Omit<AgendaOptions, 'backend'>>;

/** Instances of the real Agenda on our backend, under one prefix; closed after each test. */
export class Family {
  readonly prefix = newPrefix();
  /** What instances emitted as `error`: a test takes out what it expects. */
  readonly errors: Error[] = [];
  private readonly agendas: Agenda[] = [];
  private readonly backends: RedisBackend[] = [];

  constructor(private readonly url: string) {}

  backend(options: Partial<RedisBackendOptions> = {}): RedisBackend {
    const { prefix: keyPrefix, url: connectionString } = this;
    const way = 'redis' in options ? {} : { connectionString };
    const backend = new RedisBackend({ ...way, keyPrefix, channelName: keyPrefix, ...options });
    this.backends.push(backend);
    return backend;
  }

  /** An instance with a backend of its own, unless it is given one. It looks for jobs only once an hour. */
  async agenda(settings: Settings = {}, backend: RedisBackend = this.backend()): Promise<Agenda> {
    const agenda = new Agenda({ backend, processEvery: NEVER, ...settings });
    agenda.on('error', (error) => this.errors.push(error));
    this.agendas.push(agenda);
    await agenda.ready;
    return agenda;
  }

  /** One that runs what it defines. */
  async worker(
    definitions: Record<string, Run>,
    settings: Settings = {},
    backend?: RedisBackend,
  ): Promise<Agenda> {
    const agenda = await this.agenda(settings, backend);
    for (const [name, run] of Object.entries(definitions)) define(agenda, name, run);
    await agenda.start();
    return agenda;
  }

  /** Rejects with an error that nobody expected. */
  async close(): Promise<void> {
    await Promise.all(this.agendas.splice(0).map((agenda) => agenda.stop(false)));
    await Promise.all(this.backends.splice(0).map((backend) => backend.disconnect()));
    for (const error of this.errors) throw error;
  }
}

export function define(
  agenda: Agenda,
  name: string,
  run: Run,
  options?: Parameters<Agenda['define']>[2],
): void {
  // Its types know only handlers that answer nothing, though it waits for a promise.
  // oxlint-disable-next-line typescript/no-misused-promises
  agenda.define(name, async (job: Job) => void (await run(job)), options);
}

/** What the next event of a name brings. */
export function next(agenda: Agenda, event: AgendaEventName): Promise<unknown[]> {
  return new Promise((resolve) => agenda.once(event, (...args: unknown[]) => resolve(args)));
}

export const pause = (ms: number): Promise<void> => new Promise((end) => setTimeout(end, ms));
