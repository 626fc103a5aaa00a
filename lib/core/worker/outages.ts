import { ConnectionError } from '../errors.js';

/** The parts of the host that talk to the store on their own. */
export type Caller = 'claims' | 'renewals' | 'rescues';

/** Reports a trouble with the store once, and not again with each call that it spoils. */
export class Outages {
  private readonly troubled = new Set<Caller>();

  constructor(private readonly report: (error: Error) => void) {}

  failed(caller: Caller, error: Error): void {
    const isNews = !this.troubled.has(caller);
    // When the connection is gone, all of them find that out.
    const isKnown = this.troubled.size > 0 && error instanceof ConnectionError;
    this.troubled.add(caller);
    if (isNews && !isKnown) this.report(error);
  }

  recovered(caller: Caller): void {
    if (this.troubled.size > 0) this.troubled.delete(caller);
  }

  get storeIsAway(): boolean {
    return this.troubled.size > 0;
  }
}
