import type { ClaimRequest, Settlement } from '../../lib/core/contracts/job-broker.js';
import { newJobId, randomToken } from '../../lib/core/job/job-id.js';
import type { NewJob } from '../../lib/core/job/job-record.js';

export const newPrefix = (): string => `test-${randomToken()}:`;

export const job = (more: Partial<NewJob> = {}): NewJob => ({
  id: newJobId(),
  name: 'mail',
  data: '{"to":"ann"}',
  priority: 0,
  due: { delayMs: 0 },
  ...more,
});

export const claim = (slots = 10, more: Partial<ClaimRequest> = {}): ClaimRequest => ({
  claimId: randomToken(),
  host: 'host-1',
  leaseMs: 30_000,
  slots,
  names: [{ name: 'mail', slots }],
  ...more,
});

export const completed = (lease: Settlement['lease'], more = {}): Settlement => ({
  kind: 'completed',
  lease,
  ...more,
});

export async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await fact())) await new Promise((resolve) => setTimeout(resolve, 5));
}
