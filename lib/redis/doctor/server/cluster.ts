import { readFacts } from '../../check-server.js';
import { SLOTS } from '../../hash-slots.js';
import type { Finding } from '../finding.js';
import type { Server } from './server.js';

export async function lookAtCluster(server: Server): Promise<Finding[]> {
  const isNode = server.facts.get('cluster_enabled') === '1';
  if (!server.store.connection.isCluster) {
    if (!isNode) return [];
    const message = 'it is a node of a Cluster, and was spoken to as if it were alone.';
    return [
      server.fault(
        'cluster',
        message,
        'Reach it as a Cluster: `--cluster`, or the option `cluster`.',
      ),
    ];
  }
  const text = await server.ask('CLUSTER', 'INFO');
  if (typeof text !== 'string') {
    return [
      server.unchecked(
        'cluster',
        'whether the Cluster is whole',
        'Allow `cluster|info` (docs/redis-acl.md).',
      ),
    ];
  }
  const told = readFacts(text);
  const remedy = 'See `CLUSTER NODES` for who is missing; `redis-cli --cluster check` for slots.';
  const found: Finding[] = [];
  if (told.get('cluster_state') !== 'ok') {
    found.push(server.fault('cluster', `the Cluster is ${told.get('cluster_state')}.`, remedy));
  }
  const covered = Number(told.get('cluster_slots_ok') ?? 0);
  if (covered < SLOTS) {
    const message = `${SLOTS - covered} of ${SLOTS} slots have nobody who serves them.`;
    found.push(server.fault('cluster', message, remedy));
  }
  return found;
}
