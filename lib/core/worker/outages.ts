import { BackendClosedError, ConnectionError } from '../errors.js';

/** The parts of the host that talk to the store on their own. */
export type Caller = 'claims' | 'renewals' | 'rescues' | 'prunes' | 'registrations' | 'heartbeats';

/** Callers that speak to no partition in particular. */
type GeneralCaller = Extract<Caller, 'registrations' | 'heartbeats'>;

interface Trouble {
  /** Left out: the store as a whole. */
  readonly partition: number | undefined;
  readonly error: Error;
}

/** Reports a trouble with the store once, and not again with each call that it spoils. */
export class Outages {
  /** By caller and partition. */
  private readonly troubled = new Map<string, Trouble>();
  private isOver = false;

  /** @param partitions - how many the store has: each may be away alone */
  constructor(
    private readonly partitions: number,
    private readonly report: (error: Error) => void,
  ) {}

  /** For one of them to tell how its calls end. */
  toldBy(...[caller, of]: [GeneralCaller] | [caller: Caller, partition: number]): {
    failed(error: Error): void;
    recovered(): void;
  } {
    // Of a store in one piece every caller tells the same.
    const partition = this.partitions === 1 ? 0 : of;
    const key = `${caller} ${partition}`;
    return {
      failed: (error) => this.failed(key, { partition, error }),
      recovered: () => this.recovered(key, partition),
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

  private failed(key: string, trouble: Trouble): void {
    const { error } = trouble;
    if (this.isOver && error instanceof BackendClosedError) return;
    const isKnown =
      error instanceof ConnectionError
        ? this.isKnownAway(trouble)
        : this.troubled.get(key)?.error.message === error.message;
    this.troubled.set(key, trouble);
    if (!isKnown) this.report(error);
  }

  /** When the connection is gone, all callers find that out; and one server may hold several partitions. */
  private isKnownAway({ partition, error }: Trouble): boolean {
    for (const known of this.troubled.values()) {
      if (!(known.error instanceof ConnectionError)) continue;
      if (known.partition === partition || known.error.message === error.message) return true;
    }
    return false;
  }

  /** A partition that has answered one of them is there for all: some may have nothing to ask for a long time. */
  private recovered(key: string, partition: number | undefined): void {
    if (this.troubled.size === 0) return;
    this.troubled.delete(key);
    for (const [other, trouble] of this.troubled) {
      const isOfIt = trouble.partition === partition && trouble.error instanceof ConnectionError;
      if (isOfIt) this.troubled.delete(other);
    }
  }

  /** Whether no partition can be reached; a call that fails for a reason of its own does not say so. */
  get storeIsAway(): boolean {
    const away = new Set<number>();
    for (const { partition, error } of this.troubled.values()) {
      if (partition !== undefined && error instanceof ConnectionError) away.add(partition);
    }
    return away.size === this.partitions;
  }
}
