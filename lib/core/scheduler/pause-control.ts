import type { JobManager, PauseFacts } from '../contracts/job-manager.js';
import { durationOption } from '../duration.js';
import { InvalidOptionError } from '../errors.js';
import type { JobEvents } from '../events/job-events.js';
import { checkText } from '../job/job-id.js';
import { abortSignal, expectNotAborted, trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { LocalEnds } from './local-ends.js';
import type { Pause, PausedNames, PauseOptions, PauseResult } from './pause-options.js';

const KEYS: readonly (keyof PauseOptions)[] = ['reason', 'by', 'drain', 'timeout', 'signal'];

/** Jobs of other processes end without a word: so often they are counted, in ms. */
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 250;

/** Holds names back, or everything, in all processes. */
export class PauseControl {
  /** @param author - who pauses, unless a call says so; empty for nobody in particular */
  constructor(
    private readonly manager: JobManager,
    private readonly events: JobEvents,
    private readonly author: string,
  ) {}

  async pause(name: string | undefined, options: PauseOptions): Promise<PauseResult> {
    expectNotAborted(options);
    const { reason, by = this.author, drain } = readOptions(name, options);
    await this.manager.pause({
      ...(name !== undefined && { name }),
      ...(reason !== undefined && { reason }),
      ...(by !== '' && { by }),
    });
    this.events.emitHostwide('paused', {
      ...(name !== undefined && { name }),
      ...(reason !== undefined && { reason }),
    });
    return { running: await (drain ? this.drained(name, drain) : this.running(name)) };
  }

  async resume(name: string | undefined): Promise<boolean> {
    if (name !== undefined) checkText('name', name);
    const wasPaused = await this.manager.resume(name);
    if (wasPaused) this.events.emitHostwide('resumed', name === undefined ? {} : { name });
    return wasPaused;
  }

  async isPaused(name: string | undefined): Promise<boolean> {
    if (name !== undefined) checkText('name', name);
    const { all, names } = await this.manager.pauses();
    return all !== undefined || (name !== undefined && names.has(name));
  }

  async list(): Promise<PausedNames> {
    const { all, names } = await this.manager.pauses();
    const shown = [...names].map(([name, facts]) => [name, shownPause(facts)]);
    return { ...(all && { all: shownPause(all) }), names: Object.fromEntries(shown) };
  }

  /** Waits until nothing runs. @returns how many run when it ends */
  private async drained(name: string | undefined, limits: DrainLimits): Promise<number> {
    const waitUntil = performance.now() + limits.timeoutMs;
    const ends = new LocalEnds(this.events, name);
    try {
      for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
        const running = await this.running(name);
        const left = waitUntil - performance.now();
        if (running === 0 || left <= 0 || limits.signal?.aborted) return running;
        await ends.next(Math.min(wait, left), limits.signal);
      }
    } finally {
      ends.forget();
    }
  }

  private async running(name: string | undefined): Promise<number> {
    const counts = await this.manager.counts(name === undefined ? undefined : [name]);
    let running = 0;
    for (const states of counts.values()) running += states.running;
    return running;
  }
}

interface DrainLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws InvalidOptionError, InvalidJobError */
function readOptions(
  name: string | undefined,
  options: PauseOptions,
): Pick<PauseOptions, 'reason' | 'by'> & { drain: DrainLimits | undefined } {
  if (name !== undefined) checkText('name', name);
  checkKnownKeys('pause', options, KEYS);
  const { reason, by, drain = false, timeout, signal } = options;
  for (const [key, value] of Object.entries({ reason, by })) {
    if (value === undefined || typeof value === 'string') continue;
    throw new InvalidOptionError(`pause.${key}`, value, 'a text');
  }
  const words = { ...(reason !== undefined && { reason }), ...(by !== undefined && { by }) };
  if (signal !== undefined) abortSignal('pause.signal', signal);
  const timeoutMs =
    timeout === undefined ? Infinity : durationOption('pause.timeout', timeout, { min: 0 });
  if (trueOrFalse('pause.drain', drain)) return { ...words, drain: { timeoutMs, signal } };
  for (const key of ['timeout', 'signal'] as const) {
    if (options[key] === undefined) continue;
    throw new InvalidOptionError(`pause.${key}`, options[key], 'left out without `drain: true`');
  }
  return { ...words, drain: undefined };
}

const shownPause = ({ at, reason, by }: PauseFacts): Pause => ({
  at: new Date(at),
  ...(reason !== undefined && { reason }),
  ...(by !== undefined && { by }),
});
