import { BEAT_MS } from '../../../lib/core/contracts/host-registry.js';

/*
 * How simulated hosts are set, and how often that lets one ask that has nothing to do, in a minute: at most so
 * often each partition, by the safety nets alone.
 */

export const LEASE_MS = 10_000;
export const PROCESS_EVERY_MS = 5_000;

const MINUTE = 60_000;
/** Timers that many hosts have alike are shortened by up to a quarter, so that these do not come at once. */
const EARLIEST = 0.75;

export const LOOKS_A_MINUTE = MINUTE / (PROCESS_EVERY_MS * EARLIEST);
export const RESCUES_A_MINUTE = MINUTE / ((LEASE_MS / 3) * EARLIEST);
export const BEATS_A_MINUTE = MINUTE / BEAT_MS + 1;
