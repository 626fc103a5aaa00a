import type { Finding } from '../finding.js';
import { bytesText, type Server } from './server.js';

/** From which share on it is time to act. */
const NEARLY_FULL = 0.85;

export function lookAtEviction(server: Server): Finding[] {
  const { facts } = server;
  if (facts.size === 0) return [];
  const policy = facts.get('maxmemory_policy');
  const remedy = 'Set maxmemory-policy noeviction.';
  if (policy === undefined) {
    return [server.unchecked('eviction', 'whether it evicts jobs when its memory is full', remedy)];
  }
  if (policy === 'noeviction') return [];
  const detail = `maxmemory-policy is ${policy}`;
  if (policy.startsWith('allkeys-')) {
    return [server.fault('eviction', `${detail}: when its memory is full, jobs are lost.`, remedy)];
  }
  const message = `${detail}: when its memory is full, what tells a repeated call from a new one is lost.`;
  return [server.warning('eviction', message, remedy)];
}

export function lookAtMemory(server: Server): Finding[] {
  const { facts } = server;
  if (facts.size === 0) return [];
  const used = Number(facts.get('used_memory') ?? 0);
  const allowed = Number(facts.get('maxmemory') ?? 0);
  const there = Number(facts.get('total_system_memory') ?? 0);
  const limit = allowed || there;
  if (limit === 0 || used < NEARLY_FULL * limit) return [];
  const of = allowed > 0 ? 'maxmemory' : "its machine's memory";
  const message = `${bytesText(used)} of ${bytesText(limit)} are in use (${of}).`;
  const remedy =
    'Give it more memory, or keep ended jobs for a shorter time (`retention`, `clean`).';
  if (allowed > 0 && used >= limit) {
    return [server.fault('memory', `${message} Jobs cannot be added.`, remedy)];
  }
  return [server.warning('memory', message, remedy)];
}
