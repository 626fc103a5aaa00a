import type { ClaimedJob } from '../contracts/job-broker.js';
import type { JobEvents } from '../events/job-events.js';
import type { Handler } from '../handlers/handler-registry.js';
import type { JobRecord } from '../job/job-record.js';

/**
 * Warns, once for each name, of a job that should have a key and has none: limits per key let it pass. Most
 * likely it was added by a process that does not know how keys are made.
 */
export class KeylessJobs {
  private readonly told = new Set<string>();

  constructor(
    private readonly events: Pick<JobEvents, 'emitWarning'>,
    private readonly handlerOf: (name: string) => Handler | undefined,
  ) {}

  look({ record, unreadable }: ClaimedJob): void {
    if (record.key !== undefined || unreadable || this.told.has(record.name)) return;
    const handler = this.handlerOf(record.name);
    if (!handler || !hasLimitPerKey(handler) || !shouldHaveKey(handler, record)) return;
    this.told.add(record.name);
    this.events.emitWarning('job-without-key', messageOf(record), record.name);
  }
}

const hasLimitPerKey = ({ plan: { limits } }: Handler): boolean =>
  limits !== undefined &&
  (limits.keyConcurrency !== undefined ||
    limits.keyOrder !== undefined ||
    limits.keyRateLimit !== undefined);

/** A function that answers `undefined` means it so. */
function shouldHaveKey({ plan }: Handler, { data }: JobRecord): boolean {
  if (!plan.key) return true;
  try {
    return plan.key(data) !== undefined;
  } catch {
    return true;
  }
}

const messageOf = ({ id, name }: JobRecord): string =>
  `Job ${id} of "${name}" has no key, so the limits per key of its name do not hold it back. ` +
  'Give `key` to the process that adds such jobs: in its `handlers`, or with each job.';
