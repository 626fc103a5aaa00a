import type { AgendaBackend } from '../../lib/core/contracts/agenda-backend.js';
import {
  type Claimed,
  type ClaimedOne,
  type ClaimOneRequest,
  type ClaimRequest,
  type Enqueued,
  JobBroker,
  type NameSettings,
  type Pruned,
  type Renewal,
  type Renewed,
  type Rescue,
  type Settlement,
} from '../../lib/core/contracts/job-broker.js';
import type { HostBeat } from '../../lib/core/contracts/host-registry.js';
import { ConnectionError } from '../../lib/core/errors.js';
import type { DedupedJob, NewJob } from '../../lib/core/job/job-record.js';

export type BrokerCall =
  | 'enqueue'
  | 'dedupe'
  | 'settleAndClaim'
  | 'claimOne'
  | 'renew'
  | 'rescue'
  | 'register'
  | 'prune'
  | 'watch'
  | 'beat'
  | 'leave';

/** What goes wrong with a call. */
export type Fault =
  /** It never reaches the store. */
  | 'lost request'
  /** The store carries it out, and the answer is lost. */
  | 'lost reply'
  | Error;

/** A broker that records its calls, and fails or waits on command. */
export class FaultyBroker extends JobBroker {
  /** Every call, in order, with its arguments. */
  readonly calls: { readonly call: BrokerCall; readonly args: readonly unknown[] }[] = [];
  private readonly faults = new Map<BrokerCall, Fault[]>();
  private readonly lasting = new Map<BrokerCall, Fault>();
  private readonly answers = new Map<BrokerCall, () => Promise<unknown>>();
  private readonly gates = new Map<BrokerCall, Promise<void>>();

  constructor(readonly inner: JobBroker) {
    super();
  }

  /** The next calls of this kind fail so, one for each fault. */
  failNext(call: BrokerCall, ...faults: Fault[]): void {
    this.faults.set(call, [...(this.faults.get(call) ?? []), ...faults]);
  }

  /** The next call of this kind is answered so, and never reaches the store. */
  answerNext(call: BrokerCall, answer: () => Promise<unknown>): void {
    this.answers.set(call, answer);
  }

  /** All calls of these kinds fail so, until the returned function is called. */
  failAll(fault: Fault, ...calls: BrokerCall[]): () => void {
    for (const call of calls) this.lasting.set(call, fault);
    return () => {
      for (const call of calls) this.lasting.delete(call);
    };
  }

  /** Calls of this kind wait, until the returned function is called. */
  hold(call: BrokerCall): () => void {
    let open = () => {};
    this.gates.set(call, new Promise<void>((resolve) => (open = resolve)));
    return () => {
      this.gates.delete(call);
      open();
    };
  }

  /** The arguments of all calls of a kind. */
  argsOf(call: 'settleAndClaim'): [readonly Settlement[], ClaimRequest][];
  argsOf(call: 'enqueue'): [readonly NewJob[]][];
  argsOf(call: 'dedupe'): [DedupedJob][];
  argsOf(call: 'renew'): [readonly Renewed[], number][];
  argsOf(call: BrokerCall): (readonly unknown[])[];
  argsOf(call: BrokerCall): unknown {
    return this.calls.filter((made) => made.call === call).map(({ args }) => args);
  }

  now(): number {
    return this.inner.now();
  }

  override get partitions(): number {
    return this.inner.partitions;
  }

  override partitionOf(id: string): number {
    return this.inner.partitionOf(id);
  }

  override holdsTogether(name: string): boolean {
    return this.inner.holdsTogether(name);
  }

  override checkPlace(...[job, chosenId]: Parameters<JobBroker['checkPlace']>): void {
    this.inner.checkPlace(job, chosenId);
  }

  enqueue(jobs: readonly NewJob[]): Promise<Enqueued[]> {
    return this.make('enqueue', [jobs], () => this.inner.enqueue(jobs));
  }

  override dedupe(job: DedupedJob): Promise<Enqueued> {
    return this.make('dedupe', [job], () => this.inner.dedupe(job));
  }

  settleAndClaim(settlements: readonly Settlement[], claim: ClaimRequest): Promise<Claimed> {
    return this.make('settleAndClaim', [settlements, claim], () =>
      this.inner.settleAndClaim(settlements, claim),
    );
  }

  override claimOne(request: ClaimOneRequest): Promise<ClaimedOne> {
    return this.make('claimOne', [request], () => this.inner.claimOne(request));
  }

  renew(
    leases: readonly Renewed[],
    forMs: number,
    options?: { readonly afterExpiry?: boolean },
  ): Promise<Renewal> {
    return this.make('renew', [leases, forMs], () => this.inner.renew(leases, forMs, options));
  }

  rescue(limit: number, leaseMs: number, partition?: number): Promise<Rescue> {
    return this.make('rescue', [limit, leaseMs, partition], () =>
      this.inner.rescue(limit, leaseMs, partition),
    );
  }

  register(settings: readonly NameSettings[]): Promise<void> {
    return this.make('register', [settings], () => this.inner.register(settings));
  }

  override prune(cursor: string, partition?: number): Promise<Pruned> {
    return this.make('prune', [cursor, partition], () => this.inner.prune!(cursor, partition));
  }

  override beat(beat: HostBeat): Promise<void> {
    return this.make('beat', [beat], async () => this.inner.beat?.(beat));
  }

  override leave(host: string): Promise<void> {
    return this.make('leave', [host], async () => this.inner.leave?.(host));
  }

  override watch(): Promise<void> {
    return this.make('watch', [], async () => this.inner.watch?.());
  }

  private async make<T>(call: BrokerCall, args: unknown[], act: () => Promise<T>): Promise<T> {
    this.calls.push({ call, args });
    const fault = this.faults.get(call)?.shift() ?? this.lasting.get(call);
    await this.gates.get(call);
    const answer = this.answers.get(call);
    if (answer) {
      this.answers.delete(call);
      return (await answer()) as T;
    }
    if (fault === undefined) return act();
    if (fault instanceof Error) throw fault;
    if (fault === 'lost reply') await act();
    throw new ConnectionError('The connection is gone.', fault === 'lost request');
  }
}

/** The same backend, with a broker that fails on command. */
export function withFaults<Backend extends AgendaBackend>(
  backend: Backend,
): { backend: AgendaBackend; broker: FaultyBroker } {
  const broker = new FaultyBroker(backend.broker!);
  const faulty: AgendaBackend = {
    name: backend.name,
    repository: backend.repository,
    notificationChannel: backend.notificationChannel,
    // A foreign backend has none, and shall get none.
    ...(backend.broker && { broker }),
    manager: backend.manager,
    logger: backend.logger,
    connect: () => backend.connect(),
    disconnect: () => backend.disconnect(),
  };
  return { backend: faulty, broker };
}
