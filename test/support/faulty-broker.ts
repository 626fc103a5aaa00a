import type { AgendaBackend } from '../../lib/core/contracts/agenda-backend.js';
import type { ClaimRequest, Renewed, Settlement } from '../../lib/core/contracts/job-broker.js';
import { ConnectionError } from '../../lib/core/errors.js';
import type { DedupedJob, NewJob } from '../../lib/core/job/job-record.js';
import { type BrokerCall, WrappedBroker } from './wrapped-broker.js';

/** What goes wrong with a call. */
export type Fault =
  /** It never reaches the store. */
  | 'lost request'
  /** The store carries it out, and the answer is lost. */
  | 'lost reply'
  | Error;

/** A broker that records its calls, and fails or waits on command. */
export class FaultyBroker extends WrappedBroker {
  /** Every call, in order, with its arguments. */
  readonly calls: { readonly call: BrokerCall; readonly args: readonly unknown[] }[] = [];
  private readonly faults = new Map<BrokerCall, Fault[]>();
  private readonly lasting = new Map<BrokerCall, Fault>();
  private readonly answers = new Map<BrokerCall, () => Promise<unknown>>();
  private readonly gates = new Map<BrokerCall, Promise<void>>();

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

  protected async make<T>(
    call: BrokerCall,
    args: readonly unknown[],
    act: () => Promise<T>,
  ): Promise<T> {
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
