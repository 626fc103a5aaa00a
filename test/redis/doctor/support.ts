import { examineStore } from '../../../lib/redis/doctor/examine-store.js';
import { Findings } from '../../../lib/redis/doctor/findings.js';
import type { RedisBackend } from '../../../lib/redis/index.js';

/** What is wrong in the keys of a store, by the clock of its backend; what was mended is not wrong any more. */
export async function faultsIn(backend: RedisBackend, repair = false): Promise<string[]> {
  const findings = new Findings();
  await examineStore(backend['store'], findings, { repair, pace: 100, tell: () => undefined });
  return findings.all.map(({ code, subject, message, outcome }) =>
    [code, subject, outcome, message].join(' | '),
  );
}
