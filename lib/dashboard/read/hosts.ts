import type { HostInfo, Job, JobLease } from '../../core/index.js';
import type { Hosts, HostView } from '../api/index.js';
import type { DashboardInstance } from '../dashboard-instance.js';
import type { Redaction } from '../redact/redaction.js';
import { ifSupported } from './if-supported.js';
import { isoOf, isoOrNull } from './instants.js';

const MOST_LEASES = 200;
/** So many jobs are looked at side by side: a crowd would hold up the connection that workers share. */
const AT_A_TIME = 20;

/** Who works, and on what. */
export async function readHosts(
  { scheduler }: DashboardInstance,
  redaction: Redaction,
): Promise<Hosts> {
  const [hosts, running] = await Promise.all([
    ifSupported(() => scheduler.hosts(), []),
    // In the order of this state's index: the longest running first.
    scheduler.queryJobs({ state: 'running', limit: MOST_LEASES }),
  ]);
  const leases: Hosts['leases'][number][] = [];
  for (let from = 0; from < running.jobs.length; from += AT_A_TIME) {
    const some = running.jobs.slice(from, from + AT_A_TIME).map(async (job) => {
      const inspected = await ifSupported(() => scheduler.inspect(job.id), undefined);
      return leaseView(job, inspected?.lease, redaction);
    });
    leases.push(...(await Promise.all(some)));
  }
  const more = running.total > leases.length;
  const isComplete = !more && leases.every(({ host }) => host !== '');
  const known = isComplete ? leases : undefined;
  return { hosts: hosts.map((host) => hostView(host, known)), leases, more };
}

function leaseView(
  job: Job,
  lease: JobLease | undefined,
  redaction: Redaction,
): Hosts['leases'][number] {
  return {
    id: job.id,
    name: job.name,
    host: lease?.host ?? '',
    attempt: job.attempt + 1,
    lockedAt: isoOf(lease?.lockedAt ?? job.lockedAt ?? job.createdAt),
    expiresAt: isoOrNull(lease?.expiresAt),
    progress: redaction.shown(job.toJSON().progress),
  };
}

/** @param leases - all that there are; they know better what a host runs than it has told a while ago */
const hostView = (host: HostInfo, leases: Hosts['leases'] | undefined): HostView => {
  const own = leases?.filter((lease) => lease.host === host.host);
  return {
    host: host.host,
    machine: host.machine ?? null,
    version: host.version,
    slots: host.slots,
    running: own?.length ?? host.running,
    paused: host.paused,
    startedAt: isoOf(host.startedAt),
    lastSeenAt: isoOf(host.lastSeenAt),
    names: host.names.map(({ name, concurrency, running, paused }) => ({
      name,
      concurrency,
      running: own?.filter((lease) => lease.name === name).length ?? running,
      paused,
    })),
  };
};
