import { hasSnapshot } from '../../check-server.js';
import type { Finding } from '../finding.js';
import type { Server } from './server.js';

export async function lookAtPersistence(server: Server): Promise<Finding[]> {
  const { facts } = server;
  if (facts.size === 0) return [];
  const found: Finding[] = [];
  if (facts.get('loading') === '1') {
    found.push(
      server.fault('persistence', 'it is still loading its data.', 'Wait, and look again.'),
    );
  }
  if (facts.get('aof_enabled') === '0') found.push(noLog(server));
  else found.push(...(await lookAtLog(server)));
  if (facts.get('rdb_last_bgsave_status') === 'err') {
    const message =
      'its last snapshot failed. By default it refuses writes then (stop-writes-on-bgsave-error).';
    found.push(
      server.fault('persistence', message, 'Look into its log: a full disk, or no memory to fork.'),
    );
  }
  return found;
}

function noLog(server: Server): Finding {
  const loss = hasSnapshot(server.facts)
    ? 'what was written since its last snapshot'
    : 'maybe every job: it has taken no snapshot since it started either';
  return server.warning(
    'persistence',
    `it keeps no append-only file, so a crash loses ${loss}.`,
    'Set appendonly yes.',
  );
}

async function lookAtLog(server: Server): Promise<Finding[]> {
  const { facts } = server;
  const found: Finding[] = [];
  if (facts.get('aof_last_write_status') === 'err') {
    found.push(
      server.fault(
        'persistence',
        'it cannot write its append-only file.',
        'Look into its log: a full disk?',
      ),
    );
  }
  if (facts.get('aof_last_bgrewrite_status') === 'err') {
    const message = 'its append-only file could not be rewritten, and grows.';
    found.push(
      server.warning(
        'persistence',
        message,
        'Look into its log: a full disk, or no memory to fork.',
      ),
    );
  }
  const answer = await server.ask('CONFIG', 'GET', 'appendfsync');
  const remedy = 'Set appendfsync everysec, or always.';
  const mode = Array.isArray(answer) ? String(answer[1]) : undefined;
  if (mode === undefined) {
    found.push(
      server.unchecked(
        'persistence',
        'how often its append-only file is brought to the disk',
        remedy,
      ),
    );
  } else if (mode === 'no') {
    const message =
      'the system decides when its append-only file comes to the disk: a crash of the machine loses up to 30 seconds.';
    found.push(server.warning('persistence', message, remedy));
  }
  return found;
}
