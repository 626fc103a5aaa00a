import type { JobDetail, Overview } from '../../../api/index.js';
import type { Tone } from '../../components/tone.js';
import { clockTime, formatDuration, formatSeconds } from '../../format.js';
import { wordsOfReason } from '../dead/dead-groups.js';

/** What becomes of a job from here, in a sentence or two. */
export interface WhatNext {
  readonly text: string;
  readonly tone: Tone;
}

/**
 * @param overview - tells whether it could run at all; null when that is not known
 * @param now - by the store's clock
 */
export function whatNext(job: JobDetail, overview: Overview | null, now: number): WhatNext {
  if (job.lease !== null) return whileRunning(job, now);
  if (job.state === 'dead') return asDead(job, now);
  if (job.nextRunAt === null) return atEnd(job, now);
  if (job.disabled) return asDisabled(job, now);
  const due = Date.parse(job.nextRunAt);
  if (due > now) return ahead(job, due, now);
  return whileDue(job, overview, due, now);
}

function whileRunning(job: JobDetail, now: number): WhatNext {
  const { host, expiresAt, lockedAt } = job.lease!;
  const since = formatSeconds(now - Date.parse(lockedAt));
  const where = host === '' ? '' : ` on ${host}`;
  const running = `Attempt ${job.attempt} has been running for ${since}${where}.`;
  if (expiresAt === null) return { text: `${running} Nobody renews its lock.`, tone: 'accent' };
  const left = Date.parse(expiresAt) - now;
  if (left > 0) {
    const text = `${running} Its lease runs out in ${formatSeconds(left)} unless it is renewed.`;
    return { text, tone: 'accent' };
  }
  const text = `${running} Its lease ran out ${formatSeconds(-left)} ago: another host takes it over.`;
  return { text, tone: 'warning' };
}

function asDead(job: JobDetail, now: number): WhatNext {
  const since = job.failedAt === null ? '' : ` for ${lengthSince(job.failedAt, now)}`;
  const text = `Dead${since}: ${wordsOfReason(job.deadReason)}. It does not run again unless it is requeued.`;
  return { text, tone: 'bad' };
}

function atEnd(job: JobDetail, now: number): WhatNext {
  const ended = job.lastFinishedAt ?? job.failedAt;
  const ago = ended === null ? '' : ` ${lengthSince(ended, now)} ago`;
  if (job.repeat !== null) {
    return { text: `Ended${ago}. Its schedule has no further run.`, tone: 'neutral' };
  }
  const took = job.attempts.at(-1)?.runMs;
  const after =
    took === null || took === undefined ? '' : `, after ${formatDuration(took)} of work`;
  return { text: `Completed${ago}${after}. Nothing more happens.`, tone: 'good' };
}

function asDisabled(job: JobDetail, now: number): WhatNext {
  const due = Date.parse(job.nextRunAt!);
  const would = due > now ? `It would run in ${formatSeconds(due - now)}.` : 'It would be due.';
  return { text: `Disabled: it waits until it is enabled. ${would}`, tone: 'warning' };
}

function ahead(job: JobDetail, due: number, now: number): WhatNext {
  const isNow = due - now < 500;
  const when = isNow ? 'now' : `in ${formatSeconds(due - now)}, at ${clockTime(job.nextRunAt!)}`;
  const hasFailed = job.state === 'failed';
  const tone = hasFailed ? 'warning' : 'neutral';
  // Whether the next run of a recurring job is another attempt or its next occurrence, nobody can tell from here.
  if (job.repeat !== null) {
    const failed = hasFailed ? 'Its newest run failed. ' : '';
    const zone = job.repeatTimezone === null ? '' : ` (${job.repeatTimezone})`;
    const text = `${failed}Runs next ${when}, and goes on by its rule “${job.repeat}”${zone}.`;
    return { text, tone };
  }
  if (hasFailed) return { text: `Attempt ${job.attempt} failed. It is tried again ${when}.`, tone };
  return { text: `Runs ${when}.`, tone };
}

function whileDue(job: JobDetail, overview: Overview | null, due: number, now: number): WhatNext {
  const since = formatSeconds(now - due);
  const pause = overview?.pause ?? overview?.names.find(({ name }) => name === job.name)?.pause;
  if (pause) {
    const what = overview?.pause ? 'Everything' : `The name “${job.name}”`;
    const why = pause.reason === null ? '' : ` (${pause.reason})`;
    return {
      text: `Due for ${since}. ${what} is paused${why}: it waits until that is resumed.`,
      tone: 'warning',
    };
  }
  if (overview?.hosts === 0) {
    return { text: `Due for ${since}. No worker host is alive: nobody takes it.`, tone: 'bad' };
  }
  return { text: `Waits for a free slot, for ${since} now.`, tone: 'accent' };
}

const lengthSince = (at: string, now: number): string => formatSeconds(now - Date.parse(at));
