import type { Finding } from '../finding.js';
import type { Server } from './server.js';

const TRIES = 5;
/** Jobs of this machine that are planned for an instant are off by as much. */
const MOST_OFF_HERE_MS = 2_000;
/** Jobs of different partitions are. */
const MOST_OFF_BETWEEN_MS = 500;
/** Each settled job waits as long for its successor. */
const LONGEST_TRIP_MS = 20;

/** What a server's clock says against that of this machine, and how long an answer takes. */
export interface ClockReading {
  readonly server: Server;
  /** Server minus machine, in ms; as exact as half of the trip. */
  readonly aheadMs: number;
  /** The shortest of some round trips. */
  readonly tripMs: number;
}

/** `undefined` where the user may not ask. */
export async function readClock(server: Server): Promise<ClockReading | undefined> {
  let best: ClockReading | undefined;
  for (let i = 0; i < TRIES; i++) {
    const [sentAt, begun] = [Date.now(), performance.now()];
    const answer = await server.ask('TIME');
    if (!Array.isArray(answer)) return undefined;
    const tripMs = performance.now() - begun;
    const [seconds, micros] = answer.map(Number) as [number, number];
    const aheadMs = seconds * 1000 + micros / 1000 - (sentAt + tripMs / 2);
    if (!best || tripMs < best.tripMs) best = { server, aheadMs, tripMs };
  }
  return best;
}

/** All masters together: they are compared with each other as well. */
export function lookAtClocks(readings: readonly ClockReading[]): Finding[] {
  const found = readings.flatMap(lookAtOne);
  const ahead = readings.map(({ aheadMs }) => aheadMs);
  const spread = Math.max(...ahead) - Math.min(...ahead);
  if (readings.length > 1 && spread > MOST_OFF_BETWEEN_MS) {
    const last = readings.reduce((a, b) => (a.aheadMs > b.aheadMs ? a : b)).server;
    const message = `its clock is ${Math.round(spread)} ms ahead of that of another master.`;
    found.push(last.warning('clock', message, 'Let all machines keep time by NTP.'));
  }
  return found;
}

function lookAtOne({ server, aheadMs, tripMs }: ClockReading): Finding[] {
  const found: Finding[] = [];
  if (Math.abs(aheadMs) - tripMs > MOST_OFF_HERE_MS) {
    const off = `${Math.round(Math.abs(aheadMs))} ms ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
    const message = `its clock is ${off} that of this machine: jobs run by the clock of Redis.`;
    found.push(server.warning('clock', message, 'Let both machines keep time by NTP.'));
  }
  if (tripMs > LONGEST_TRIP_MS) {
    const message = `an answer takes ${tripMs.toFixed(1)} ms at best.`;
    found.push(
      server.warning(
        'latency',
        message,
        'Run workers near Redis: each job waits for such answers.',
      ),
    );
  }
  return found;
}
