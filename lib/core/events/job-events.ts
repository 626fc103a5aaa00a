import { InvalidOptionError } from '../errors.js';
import { errorOf, messageOf } from '../job/thrown.js';
import { REMOTE_EVENTS } from './agenda-event.js';
import {
  HOSTWIDE_EVENTS,
  JOB_EVENTS,
  type JobEventArguments,
  type JobEventKey,
  type JobEventListener,
  type JobEventMap,
  type JobEventName,
  type JobScopedEventName,
  type LocalEventListener,
} from './job-event.js';

/*
 * What happens, told to whoever listens.
 *
 * Listeners are guests: they run in the order they came, one that throws or rejects is reported as
 * `error` and disturbs neither the others nor the job, and nobody waits for their promises. An
 * `error` that nobody listens to goes to the fallback, so it neither disappears nor ends the process.
 *
 * The engine asks `wants` before it makes an event: without a listener a job pays one look-up.
 */

type AnyListener = (...args: never[]) => unknown;

interface Entry {
  readonly listener: AnyListener;
  readonly once: boolean;
  /** Hears nothing of other processes. */
  readonly here?: boolean;
}

/** Receives the errors nobody listens to. */
export type ErrorSink = (error: Error) => void;

export class JobEvents {
  private readonly entries = new Map<string, readonly Entry[]>();
  private named = 0;
  private forRemote = 0;
  /** Warnings that nobody listened to: their code, and what they were about. */
  private readonly warnedOf = new Set<string>();
  /** Called when the first listener comes, or the last goes, whose events other processes tell, too. */
  onRemoteInterest: () => void = () => {};

  /** @param fallback - takes errors nobody listens to; a process warning when left out */
  constructor(private readonly fallback: ErrorSink = (error) => process.emitWarning(error)) {}

  /**
   * Calls the listener with every event from now on; `failed:send-welcome` is `failed` for one job name.
   *
   * @throws InvalidOptionError for an unknown event
   */
  on<Key extends JobEventKey>(event: Key, listener: JobEventListener<Key>): this {
    return this.add(event, { listener, once: false });
  }

  /** As `on`, for what happens in this process alone: others need not tell anything for its sake. */
  onHere<Key extends JobEventKey>(event: Key, listener: LocalEventListener<Key>): this {
    return this.add(event, { listener, once: false, here: true });
  }

  once<Key extends JobEventKey>(event: Key, listener: JobEventListener<Key>): this {
    return this.add(event, { listener, once: true });
  }

  off<Key extends JobEventKey>(event: Key, listener: JobEventListener<Key>): this {
    const entries = this.entries.get(event) ?? [];
    const found = entries.findLast((entry) => entry.listener === listener);
    if (found) this.remove(event, found);
    return this;
  }

  /** Whether anybody would hear the event. */
  wants(event: JobScopedEventName, jobName: string): boolean {
    if (this.entries.size === 0) return false;
    return this.entries.has(event) || (this.named > 0 && this.entries.has(`${event}:${jobName}`));
  }

  /** Whether anybody listens for events that other processes tell, too. */
  get wantsRemote(): boolean {
    return this.forRemote > 0;
  }

  /** Tells an event of a job to the listeners of the event, then to those of the event and name. */
  emit<Name extends JobScopedEventName>(
    event: Name,
    jobName: string,
    ...facts: JobEventArguments<Name>
  ): void {
    this.deliver(event, facts);
    if (this.named > 0) this.deliver(`${event}:${jobName}`, facts);
  }

  emitHost(event: 'online' | 'offline', host: string): void {
    this.deliver(event, [{ host }]);
  }

  emitHostwide<Name extends 'removed' | 'paused' | 'resumed' | 'reconnected'>(
    event: Name,
    fact: JobEventMap[Name],
  ): void {
    this.deliver(event, [fact]);
  }

  emitReady(): void {
    this.deliver('ready', []);
  }

  /**
   * Warns of what goes on working. Without a listener it is a process warning, once for each code and
   * what it is `about`.
   */
  emitWarning(code: string, message: string, about = ''): void {
    const key = `${code}:${about}`;
    if (this.entries.has('warning')) {
      this.deliver('warning', [{ code, message }]);
    } else if (!this.warnedOf.has(key)) {
      this.warnedOf.add(key);
      process.emitWarning(message, { code });
    }
  }

  /** Reports what has no caller to be told. */
  reportError(error: Error): void {
    if (this.entries.has('error')) this.deliver('error', [error]);
    else this.fallBack(error);
  }

  private add(event: string, entry: Entry): this {
    const name = eventOf(event);
    if (typeof entry.listener !== 'function') {
      throw new InvalidOptionError('listener', entry.listener, 'a function');
    }
    if (name !== event) this.named += 1;
    this.entries.set(event, [...(this.entries.get(event) ?? []), entry]);
    if (!entry.here && REMOTE_EVENTS.includes(name)) this.countRemote(1);
    return this;
  }

  private remove(event: string, entry: Entry): void {
    const before = this.entries.get(event) ?? [];
    const left = before.filter((other) => other !== entry);
    if (left.length === before.length) return;
    if (event.includes(':')) this.named -= 1;
    if (left.length > 0) this.entries.set(event, left);
    else this.entries.delete(event);
    if (!entry.here && REMOTE_EVENTS.includes(eventOf(event))) this.countRemote(-1);
  }

  private countRemote(change: 1 | -1): void {
    const before = this.wantsRemote;
    this.forRemote += change;
    if (this.wantsRemote !== before) this.onRemoteInterest();
  }

  private deliver(event: string, facts: readonly unknown[]): void {
    const entries = this.entries.get(event);
    if (!entries) return;
    const isRemote = facts.at(-1) === true;
    for (const entry of entries) {
      if (isRemote && entry.here) continue;
      if (entry.once) this.remove(event, entry);
      this.call(event, entry.listener, facts);
    }
  }

  private call(event: string, listener: AnyListener, facts: readonly unknown[]): void {
    const failed = (thrown: unknown) => this.listenerFailed(event, thrown);
    try {
      const returned = listener(...(facts as never[]));
      if (returned !== null && typeof returned === 'object') {
        Promise.resolve(returned).catch(failed);
      }
    } catch (thrown) {
      failed(thrown);
    }
  }

  private listenerFailed(event: string, thrown: unknown): void {
    const cause = errorOf(thrown);
    const error = new Error(`A listener of "${event}" failed: ${messageOf(cause)}`, { cause });
    // A failing listener of errors would be told of its own failure, for ever.
    if (event === 'error') this.fallBack(error);
    else this.reportError(error);
  }

  private fallBack(error: Error): void {
    try {
      this.fallback(error);
    } catch {
      // The last resort has failed: there is nobody left to tell.
    }
  }
}

/** @throws InvalidOptionError for an unknown event */
function eventOf(key: unknown): JobEventName {
  const text = String(key);
  const colon = text.indexOf(':');
  const name = (colon < 0 ? text : text.slice(0, colon)) as JobEventName;
  const isHostwide = (HOSTWIDE_EVENTS as readonly string[]).includes(name);
  if (!JOB_EVENTS.includes(name) || (colon >= 0 && (isHostwide || text.length === colon + 1))) {
    const names = JOB_EVENTS.join(', ');
    throw new InvalidOptionError('event', key, `one of ${names}, or "event:jobName"`);
  }
  return name;
}
