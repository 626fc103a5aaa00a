import type { Failure, JobHistoryEntry, JobInspection } from '../../core/index.js';
import type { CommandIo } from '../command.js';
import { clockText, type ClockText } from './clock-text.js';
import { shownState } from '../../core/job/shown-state.js';
import { printTable } from './job-table.js';
import { plainLines, plainText } from './plain-text.js';
import { spanText } from './span-text.js';
import { styleOf } from './style.js';
import type { Cell, Column } from './table.js';

const ATTEMPT_COLUMNS: readonly Column[] = [
  { title: 'ATTEMPT', isNumber: true },
  { title: 'END' },
  { title: 'STARTED' },
  { title: 'WAITED', isNumber: true },
  { title: 'RAN', isNumber: true },
  { title: 'HOST', mayShrink: true },
  { title: 'ERROR', mayShrink: true },
];

/** All that is known of a job, for people. */
export function printInspection(
  io: CommandIo,
  inspection: JobInspection,
  options: { readonly utc?: boolean | undefined },
): void {
  const clock = clockText(options);
  const style = styleOf(io);
  for (const [label, value] of factsOf(inspection, clock)) {
    if (value === undefined || value === '') continue;
    io.print(`${style(`${label}:`.padEnd(16), 'bold')}${plainText(value)}`);
  }
  printLease(io, inspection, clock);
  printAttempts(io, inspection.history, clock);
  if (inspection.failure) printFailure(io, inspection.failure);
}

type Fact = readonly [label: string, value: string | undefined];

function factsOf({ job, deadReason }: JobInspection, clock: ClockText): Fact[] {
  const { attrs, nextRunAt, lastRunAt, lastFinishedAt, expiresAt } = job;
  const context = Object.entries(job.context);
  const rule = job.repeatInterval ?? attrs.repeatAt;
  const reason = deadReason === undefined ? '' : ` (${deadReason})`;
  return [
    ['ID', job.id],
    ['Name', job.name],
    ['State', `${shownState(job)}${reason}`],
    ['Key', job.key],
    ['Tags', job.tags.join(', ')],
    ['Priority', String(attrs.priority)],
    ['Rule', rule === undefined ? undefined : `${rule} ${job.repeatTimezone ?? ''}`.trim()],
    ['Rule key', job.repeatKey],
    ['Created', clock(job.createdAt)],
    ['Changed by', attrs.lastModifiedBy],
    ['Next run', nextRunAt ? clock(nextRunAt) : undefined],
    ['Last run', lastRunAt ? clock(lastRunAt) : undefined],
    ['Last end', lastFinishedAt ? clock(lastFinishedAt) : undefined],
    ['Expires', expiresAt && clock(expiresAt)],
    ['Attempts', String(job.attempt)],
    ['Failures', countText(job.failCount)],
    ['Lost processes', countText(job.rescueCount)],
    ['Handed back', countText(job.releaseCount)],
    ['Put off', countText(job.snoozeCount)],
    ['Context', context.map(([name, value]) => `${name}=${value}`).join(', ')],
    ['Data', jsonText(job.data)],
    ['Progress', jsonText(job.progress())],
    ['Result', jsonText(job.result) ?? job.resultOmitted?.reason],
  ];
}

const countText = (count: number): string | undefined => (count > 0 ? String(count) : undefined);

const jsonText = (value: unknown): string | undefined =>
  value === undefined ? undefined : JSON.stringify(value);

function printLease(io: CommandIo, { lease }: JobInspection, clock: ClockText): void {
  if (!lease) return;
  const { host, lockedAt, expiresAt, fence } = lease;
  const end = expiresAt ? `, unless it is renewed until ${clock(expiresAt)}` : '';
  const since = `since ${clock(lockedAt)}${end}; fence ${fence}`;
  io.print(
    `${styleOf(io)('Lease:'.padEnd(16), 'bold')}${plainText(host || 'unknown host')} ${since}`,
  );
}

function printAttempts(io: CommandIo, history: readonly JobHistoryEntry[], clock: ClockText): void {
  if (history.length === 0) return;
  const rows = history.map((entry): Cell[] => [
    String(entry.attempt),
    entry.kind,
    clock(entry.startedAt ?? entry.endedAt),
    entry.waitMs === null ? '-' : spanText(entry.waitMs),
    entry.runMs === null ? '-' : spanText(entry.runMs),
    entry.host || '-',
    entry.failure ? `${entry.failure.name}: ${entry.failure.message}` : '-',
  ]);
  io.print('');
  printTable(io, ATTEMPT_COLUMNS, rows);
}

function printFailure(io: CommandIo, { name, message, stack }: Failure): void {
  io.print(`\n${styleOf(io)('Newest failure:', 'bold')} ${plainText(`${name}: ${message}`)}`);
  if (stack !== undefined) io.print(plainLines(stack));
}
