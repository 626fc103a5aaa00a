import type { AttemptView, JobDetail } from '../../../api/index.js';

/** From where to where, in thousandths of the whole width. */
export interface Span {
  readonly x: number;
  readonly width: number;
}

/** An attempt, or what was done to the job between two, as a lane of the chart. */
export interface Lane {
  readonly kind: AttemptView['kind'] | 'running' | 'planned';
  readonly attempt: number;
  /** From due to start. */
  readonly wait: Span | null;
  /** From start to end, or to now. */
  readonly run: Span | null;
  /** Where it stands that has no length: a requeue, a death without a run, a run to come. */
  readonly mark: number | null;
  /** For how long nothing was to be done before it, in ms; null when that is too short to be told. */
  readonly gapMs: number | null;
}

interface Stretch {
  readonly kind: Lane['kind'];
  readonly attempt: number;
  readonly from: number;
  readonly start: number | null;
  readonly to: number;
}

const WIDTH = 1_000;
/** What can still be seen. */
const NARROWEST = 6;
/** Longer times in which nothing was to be done are folded to this. */
const FOLD = 30;
const MOST_FOLDS = 300;
const TOLD_FROM_MS = 100;

/**
 * The attempts of a job as lanes below each other, the oldest first, the one under way and the one to come last. Times
 * in which nothing was to be done are folded when they would leave the rest no room; all else is to scale, as far as
 * it can be seen.
 *
 * @param now - by the store's clock
 */
export function lanesOf(job: JobDetail, now: number): Lane[] {
  const stretches = stretchesOf(job, now);
  if (stretches.length === 0) return [];
  const scale = new Scale(stretches);
  return stretches.map((stretch, index) => laneOf(stretch, scale, stretches[index - 1]));
}

function stretchesOf(job: JobDetail, now: number): Stretch[] {
  const stretches = job.attempts.map(endedStretch);
  if (job.lease !== null) stretches.push(runningStretch(job, now));
  else if (job.nextRunAt !== null) {
    const at = Date.parse(job.nextRunAt);
    const isDue = at <= now && !job.disabled;
    const to = isDue ? now : at;
    stretches.push({
      kind: 'planned',
      attempt: job.attempt + 1,
      from: at,
      start: isDue ? now : null,
      to,
    });
  }
  return stretches;
}

function endedStretch({ kind, attempt, plannedAt, startedAt, endedAt }: AttemptView): Stretch {
  const to = Date.parse(endedAt);
  if (startedAt === null) return { kind, attempt, from: to, start: null, to };
  const start = Date.parse(startedAt);
  // A run that somebody began by hand may come before its time.
  const from = plannedAt === null ? start : Math.min(Date.parse(plannedAt), start);
  return { kind, attempt, from, start, to: Math.max(to, start) };
}

function runningStretch(job: JobDetail, now: number): Stretch {
  const start = Date.parse(job.lease!.lockedAt);
  return { kind: 'running', attempt: job.attempt, from: start, start, to: Math.max(now, start) };
}

function laneOf(stretch: Stretch, scale: Scale, before: Stretch | undefined): Lane {
  const { kind, attempt, from, start, to } = stretch;
  const gap = before === undefined ? 0 : from - before.to;
  const gapMs = gap >= TOLD_FROM_MS ? gap : null;
  if (start === null) return { kind, attempt, wait: null, run: null, mark: scale.at(from), gapMs };
  const wait = start > from ? scale.span(from, start) : null;
  const run = kind === 'planned' ? null : scale.span(start, to);
  return { kind, attempt, wait, run, mark: null, gapMs };
}

/** Where an instant stands: idle times folded. */
class Scale {
  private readonly pieces: { from: number; to: number; x: number; width: number }[] = [];

  constructor(stretches: readonly Stretch[]) {
    const busy = busyTimes(stretches);
    const busyMs = busy.reduce((sum, { from, to }) => sum + (to - from), 0);
    const folds = Math.max(busy.length - 1, 0);
    const fold = Math.min(FOLD, MOST_FOLDS / Math.max(folds, 1));
    const room = WIDTH - NARROWEST - folds * fold;
    let x = 0;
    let last: number | null = null;
    for (const { from, to } of busy) {
      if (last !== null) {
        this.pieces.push({ from: last, to: from, x, width: fold });
        x += fold;
      }
      const width = busyMs === 0 ? room / busy.length : (room * (to - from)) / busyMs;
      this.pieces.push({ from, to, x, width });
      x += width;
      last = to;
    }
  }

  at(time: number): number {
    const piece = this.pieces.find(({ to }) => time <= to) ?? this.pieces.at(-1)!;
    const share = piece.to === piece.from ? 0 : (time - piece.from) / (piece.to - piece.from);
    return round(piece.x + piece.width * Math.min(Math.max(share, 0), 1));
  }

  span(from: number, to: number): Span {
    const x = this.at(from);
    return { x, width: Math.max(round(this.at(to) - x), NARROWEST) };
  }
}

/** The times in which something was to be done; what lies close together is one. */
function busyTimes(stretches: readonly Stretch[]): { from: number; to: number }[] {
  const inOrder = stretches.map(({ from, to }) => ({ from, to })).sort((a, b) => a.from - b.from);
  const busyMs = inOrder.reduce((sum, { from, to }) => sum + (to - from), 0);
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of inOrder) {
    const last = joined.at(-1);
    if (last && from - last.to <= busyMs / 10) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

const round = (x: number): number => Math.round(x * 10) / 10;
