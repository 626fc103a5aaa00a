import type { Finding } from '../finding.js';
import type { Server } from './server.js';

/** Replicas tell of themselves every second. */
const LATE_SECONDS = 10;

export function lookAtReplication(server: Server): Finding[] {
  const { facts } = server;
  if (facts.size === 0) return [];
  if (facts.get('role') === 'slave') {
    const message = 'it is a replica: it refuses writes, so jobs can neither be added nor run.';
    return [
      server.fault('replication', message, 'Connect to its master, or let Sentinel name it.'),
    ];
  }
  return replicasIn(server).flatMap(([name, told]) => lookAtReplica(server, name, told));
}

/** `slave0` → `ip=10.0.0.2,port=6379,state=online,offset=1234,lag=0` */
function replicasIn({ facts }: Server): [name: string, told: ReadonlyMap<string, string>][] {
  return [...facts]
    .filter(([name]) => /^slave\d+$/.test(name))
    .map(([name, text]) => [
      name,
      new Map(text.split(',').map((part) => part.split('=', 2) as [string, string])),
    ]);
}

function lookAtReplica(server: Server, name: string, told: ReadonlyMap<string, string>): Finding[] {
  const replica = told.has('ip') ? `${told.get('ip')}:${told.get('port')}` : name;
  const remedy =
    'Look into its log, and at the network between them: a failover to it now would lose jobs.';
  if (told.get('state') !== 'online') {
    return [
      server.warning('replication', `its replica ${replica} is ${told.get('state')}.`, remedy),
    ];
  }
  const lag = Number(told.get('lag') ?? 0);
  if (lag < LATE_SECONDS) return [];
  const message = `its replica ${replica} was heard of ${lag} seconds ago.`;
  return [server.warning('replication', message, remedy)];
}
