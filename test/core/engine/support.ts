import type { AgendaBackend } from '../../../lib/core/contracts/agenda-backend.js';
import { Engine, type EngineParts } from '../../../lib/core/engine.js';
import type {
  JobEventArguments,
  JobEventKey,
  JobEventListener,
} from '../../../lib/core/events/job-event.js';
import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { type FaultyBroker, withFaults } from '../../support/faulty-broker.js';

const open: Engine[] = [];

export interface TestBench {
  readonly engine: Engine;
  readonly broker: FaultyBroker;
  readonly backend: AgendaBackend;
  /** What was reported and nobody listened to. */
  readonly errors: Error[];
}

/** An engine on a memory backend whose broker can be made to fail; closed after the test. */
export async function makeBench(
  options: EngineOptions = {},
  memory: AgendaBackend = new MemoryBackend(),
  parts: EngineParts = {},
): Promise<TestBench> {
  const { backend, broker } = withFaults(memory);
  const errors: Error[] = [];
  const engine = new Engine(
    backend,
    { shutdown: { timeout: 1_000, grace: 20 }, ...options },
    { onUnheardError: (error) => errors.push(error), ...parts },
  );
  open.push(engine);
  await engine.connect();
  return { engine, broker, backend, errors };
}

export async function closeBenches(): Promise<void> {
  await Promise.all(open.splice(0).map((engine) => engine.close()));
}

/** The first argument of an event's listeners. */
type JobEventOf<Key extends JobEventKey> = JobEventArguments<Key>[0];

/** The next event of a kind, or the first that fits. */
export function nextEvent<Key extends JobEventKey>(
  engine: Engine,
  key: Key,
  fits: (event: JobEventOf<Key>) => boolean = () => true,
): Promise<JobEventOf<Key>> {
  return new Promise((resolve) => {
    const listener = ((event: JobEventOf<Key>) => {
      if (!fits(event)) return;
      engine.events.off(key, listener);
      resolve(event);
    }) as JobEventListener<Key>;
    engine.events.on(key, listener);
  });
}

/** The next so many events of a kind. */
export function nextEvents<Key extends JobEventKey>(
  engine: Engine,
  key: Key,
  count: number,
): Promise<JobEventOf<Key>[]> {
  const seen: JobEventOf<Key>[] = [];
  return new Promise((resolve) => {
    const listener = ((event: JobEventOf<Key>) => {
      seen.push(event);
      if (seen.length < count) return;
      engine.events.off(key, listener);
      resolve(seen);
    }) as JobEventListener<Key>;
    engine.events.on(key, listener);
  });
}

/** A promise and what resolves it. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open: (value) => open(value) };
}

/** Waits until something holds: for facts that no event tells. */
export async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setTimeout(resolve, 1));
}
