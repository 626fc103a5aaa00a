import { InvalidOptionError } from '../errors.js';
import type { DeathReason } from './job-record.js';

const REASONS: Record<DeathReason, true> = {
  exhausted: true,
  unrecoverable: true,
  discarded: true,
  stalled: true,
  expired: true,
  'invalid-data': true,
};

/** @throws InvalidOptionError */
export function checkDeathReason(path: string, reason: unknown): void {
  if (typeof reason === 'string' && Object.hasOwn(REASONS, reason)) return;
  throw new InvalidOptionError(path, reason, `one of ${Object.keys(REASONS).join(', ')}`);
}
