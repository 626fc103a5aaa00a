import type { RateLimit } from '../core/contracts/job-broker.js';

/** Of a higher rate starts that are close together are kept as one. */
const EXACT_UP_TO = 100;
/** How long starts are kept beyond their time: another rate may come, and count them. */
const KEPT_MS = 60_000;

export interface Permission {
  /** How many may start now. */
  readonly room: number;
  /** If none may: from when on the next one may. */
  readonly from: number;
}

/** The newest starts of a name, or of a key, oldest first: who has a rate starts when the oldest of `max` is `perMs` old. */
export class StartLog {
  private starts: { at: number; count: number }[] = [];
  private keptUntil = -Infinity;

  permission({ max, perMs, spread }: RateLimit, now: number): Permission {
    const starts = this.upTo(now);
    if (spread) {
      const last = starts.at(-1);
      const from = last ? Math.ceil(last.at + perMs / max) : now;
      return { room: from <= now ? 1 : 0, from };
    }
    let room = max;
    for (const { at, count } of starts.reverse()) {
      const untilThen = Math.ceil(at + perMs);
      if (untilThen <= now) break;
      room -= count;
      if (room <= 0) return { room: 0, from: untilThen };
    }
    return { room, from: now };
  }

  note(rate: RateLimit, count: number, now: number): void {
    if (count === 0) return;
    const { perMs, spread } = rate;
    this.keptUntil = now + perMs + KEPT_MS;
    this.starts = spread ? [] : this.upTo(now).filter(({ at }) => at + perMs > now);
    const last = this.starts.at(-1);
    if (last && areClose(last.at, now, rate)) {
      last.at = now;
      last.count += count;
    } else {
      this.starts.push({ at: now, count });
    }
  }

  /** Nothing has to be remembered. */
  isOver(now: number): boolean {
    return this.keptUntil <= now;
  }

  /** Where the clock stepped back none lies ahead: they stay in order. */
  private upTo(now: number): { at: number; count: number }[] {
    return this.starts.map(({ at, count }) => ({ at: Math.min(at, now), count }));
  }
}

/** The later instant stands for both: of a high rate one start in a hundred may be lost by that. */
function areClose(one: number, other: number, { max, perMs }: RateLimit): boolean {
  const width = max > EXACT_UP_TO ? Math.max(perMs / EXACT_UP_TO, 1) : 1;
  return Math.floor(one / width) === Math.floor(other / width);
}
