import { Timer } from './timer.js';

/** How a wait came to its end. */
export type WaitEnd = 'done' | 'timeout' | 'aborted';

/** How long a shutdown lets handlers go on: every call that asks for it can shorten that, none can stretch it. */
export class Patience {
  private readonly timer = new Timer(() => this.end('timeout'));
  private readonly forgetSignals: (() => void)[] = [];
  private end!: (how: 'timeout' | 'aborted') => void;
  private readonly over = new Promise<'timeout' | 'aborted'>((resolve) => (this.end = resolve));

  constructor(timeoutMs: number, signal?: AbortSignal) {
    this.shorten(timeoutMs, signal);
  }

  shorten(timeoutMs: number, signal?: AbortSignal): void {
    this.timer.startWithin(timeoutMs);
    if (!signal) return;
    const abort = () => this.end('aborted');
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    this.forgetSignals.push(() => signal.removeEventListener('abort', abort));
  }

  /** A signal that has fired already wins over what is done already. */
  waitFor(something: Promise<unknown>): Promise<WaitEnd> {
    return Promise.race([this.over, something.then(() => 'done' as const)]);
  }

  /** Leaves neither a timer nor a listener. */
  forget(): void {
    this.timer.stop();
    for (const forget of this.forgetSignals.splice(0)) forget();
  }
}
