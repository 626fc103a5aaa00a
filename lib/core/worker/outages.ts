import { BackendClosedError, ConnectionError } from '../errors.js';

/** The parts of the host that talk to the store on their own. */
export type Caller = 'claims' | 'renewals' | 'rescues' | 'prunes' | 'registrations' | 'heartbeats';

/** Reports a trouble with the store once, and not again with each call that it spoils. */
export class Outages {
  private readonly troubled = new Map<Caller, Error>();
  private isOver = false;

  constructor(private readonly report: (error: Error) => void) {}

  /** For one of them to tell how its calls end. */
  toldBy(caller: Caller): { failed(error: Error): void; recovered(): void } {
    return {
      failed: (error) => this.failed(caller, error),
      recovered: () => this.recovered(caller),
    };
  }

  /** The host begins to work. */
  begin(): void {
    this.isOver = false;
  }

  /** The host has left: nobody asks for the calls that outlived it, which fail when the backend closes. */
  end(): void {
    this.isOver = true;
  }

  private failed(caller: Caller, error: Error): void {
    if (this.isOver && error instanceof BackendClosedError) return;
    // When the connection is gone, all of them find that out.
    const isKnown =
      error instanceof ConnectionError
        ? this.storeIsAway
        : this.troubled.get(caller)?.message === error.message;
    this.troubled.set(caller, error);
    if (!isKnown) this.report(error);
  }

  /** A store that has answered one of them is there for all: some may have nothing to ask for a long time. */
  private recovered(caller: Caller): void {
    if (this.troubled.size === 0) return;
    this.troubled.delete(caller);
    for (const [other, error] of this.troubled) {
      if (error instanceof ConnectionError) this.troubled.delete(other);
    }
  }

  /** Whether the store cannot be reached; a call that fails for a reason of its own does not say so. */
  get storeIsAway(): boolean {
    for (const error of this.troubled.values()) if (error instanceof ConnectionError) return true;
    return false;
  }
}
