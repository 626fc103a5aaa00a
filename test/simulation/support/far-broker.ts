import type { Claimed, JobBroker, Settlement } from '../../../lib/core/contracts/job-broker.js';
import { type BrokerCall, WrappedBroker } from '../../support/wrapped-broker.js';
import type { Call } from './calls.js';
import type { Link } from './link.js';

/** A broker that is reached by a link, and counts its calls: each is one command of Redis. */
export class FarBroker extends WrappedBroker {
  constructor(
    inner: JobBroker,
    private readonly link: Link,
    private readonly count: (call: Call) => void,
  ) {
    super(inner);
  }

  protected async make<T>(
    call: BrokerCall,
    args: readonly unknown[],
    act: () => Promise<T>,
  ): Promise<T> {
    const kind = kindOf(call, args);
    this.count(kind);
    const answer = await this.link.call(act);
    const isLook = call === 'settleAndClaim' && kind === 'look';
    if (isLook && (answer as Claimed).jobs.length === 0) this.count('looked in vain');
    return answer;
  }
}

function kindOf(call: BrokerCall, args: readonly unknown[]): Call {
  if (call !== 'settleAndClaim') return KINDS[call];
  return (args[0] as readonly Settlement[]).length > 0 ? 'settle' : 'look';
}

const KINDS: Record<Exclude<BrokerCall, 'settleAndClaim'>, Call> = {
  enqueue: 'enqueue',
  dedupe: 'enqueue',
  claimOne: 'look',
  renew: 'renew',
  rescue: 'rescue',
  register: 'register',
  prune: 'prune',
  beat: 'beat',
  leave: 'beat',
  watch: 'beat',
};
