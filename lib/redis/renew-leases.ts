import type { LostLease, Refusal, Renewal, Renewed } from '../core/contracts/job-broker.js';
import { scripts } from './all-scripts.js';
import type { RedisStore } from './redis-store.js';

const LOST_WIDTH = 5;

/** What is said of a lease that is to go on. */
type Held = Pick<Renewed, 'id' | 'token' | 'progress' | 'lines'>;

/** Prolongs leases of one partition. @param afterExpiry - also those that have expired, where nobody has taken the job over */
export async function renewLeases(
  partition: RedisStore,
  leases: readonly Held[],
  forMs: number,
  afterExpiry: boolean,
): Promise<Renewal> {
  const [time, ...parts] = await partition.run(scripts.renewLeases, [
    String(Math.ceil(forMs)),
    afterExpiry ? 'late' : '',
    ...leases.flatMap(renewalArguments),
  ]);
  const lost: LostLease[] = [];
  for (let i = 0; i < parts.length; i += LOST_WIDTH) {
    const [id, token, refusal, wasCancelled, reason] = parts.slice(i, i + LOST_WIDTH) as [
      string,
      string,
      Refusal,
      string,
      string,
    ];
    lost.push({ id, token, refusal, ...(wasCancelled === '1' ? { cancelled: reason } : {}) });
  }
  return { now: Number(time), lost };
}

function renewalArguments({ id, token, progress, lines }: Held): string[] {
  const told = progress === undefined ? '' : JSON.stringify(progress);
  if (!lines) return [id, token, told, ''];
  return [id, token, told, `${lines.first} ${lines.lines.length}`, ...lines.lines];
}
