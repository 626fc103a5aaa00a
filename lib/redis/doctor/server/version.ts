import { OLDEST_VERSION } from '../../check-server.js';
import type { Finding } from '../finding.js';
import type { Server } from './server.js';

/**
 * From which patch on a line of versions is without CVE-2025-49844, by which whoever may run scripts can run anything.
 * Older lines were left with it.
 */
const MENDED_LINES: Readonly<
  Record<'redis' | 'valkey', readonly (readonly [line: string, patch: number])[]>
> = {
  redis: [
    ['6.2', 20],
    ['7.2', 11],
    ['7.4', 6],
    ['8.0', 4],
    ['8.2', 2],
  ],
  valkey: [
    ['7.2', 11],
    ['8.0', 6],
    ['8.1', 4],
  ],
};

export function lookAtVersion(server: Server): Finding[] {
  const { facts } = server;
  if (facts.size === 0) {
    const remedy = 'Allow INFO (docs/redis-acl.md), or ask somebody who may.';
    return [
      server.unchecked('server-facts', 'what version it is, and all else that INFO tells', remedy),
    ];
  }
  const version = facts.get('redis_version') ?? '';
  if (server.version < OLDEST_VERSION) {
    const remedy = `Use ${OLDEST_VERSION}.0 or newer.`;
    return [server.fault('server-version', `version ${version} is too old.`, remedy)];
  }
  const kind = facts.has('valkey_version') ? 'valkey' : 'redis';
  const own = facts.get('valkey_version') ?? version;
  if (!isOpenToScripts(kind, own)) return [];
  const message = `version ${own} lets users who may run scripts run anything (CVE-2025-49844), unless its distributor has mended it.`;
  return [
    server.warning(
      'server-version',
      message,
      'Update it; until then let nobody run EVAL who is not trusted.',
    ),
  ];
}

/** A line that is newer than all that are known is taken for mended. */
export function isOpenToScripts(kind: 'redis' | 'valkey', version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const lines = MENDED_LINES[kind];
  const mended = lines.find(([line]) => line === `${major}.${minor}`);
  if (mended) return patch < mended[1];
  const newest = lines.at(-1)![0].split('.').map(Number) as [number, number];
  return major < newest[0] || (major === newest[0] && minor < newest[1]);
}
