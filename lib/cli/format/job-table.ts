import type { Job } from '../../core/index.js';
import type { CommandIo } from '../command.js';
import { clockText } from './clock-text.js';
import { shownState } from '../../core/job/shown-state.js';
import { styleOf, type StyleName } from './style.js';
import { tableLines, type Cell, type Column } from './table.js';

/** More of it nobody reads in a line. */
const DATA_CHARACTERS = 200;

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAME', mayShrink: true },
  { title: 'STATE' },
  { title: 'NEXT RUN' },
  { title: 'LAST RUN', mayGo: true },
  { title: 'TRIES', isNumber: true, mayGo: true },
  { title: 'DATA', mayShrink: true, mayGo: true },
];

const DEAD_COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAME', mayShrink: true },
  { title: 'REASON' },
  { title: 'DIED' },
  { title: 'TRIES', isNumber: true, mayGo: true },
  { title: 'ERROR', mayShrink: true },
  { title: 'DATA', mayShrink: true, mayGo: true },
];

interface TableOptions {
  readonly utc?: boolean | undefined;
}

export function printJobs(io: CommandIo, jobs: readonly Job[], options: TableOptions): void {
  const clock = clockText(options);
  const rows = jobs.map((job): Cell[] => [
    job.id,
    job.name,
    stateCell(shownState(job)),
    clock(job.nextRunAt),
    clock(job.lastRunAt),
    String(job.attempt),
    dataText(job.data),
  ]);
  printTable(io, COLUMNS, rows);
}

export function printDeadLetters(io: CommandIo, jobs: readonly Job[], options: TableOptions): void {
  const clock = clockText(options);
  const rows = jobs.map((job): Cell[] => [
    job.id,
    job.name,
    job.deadReason ?? '-',
    clock(job.failedAt),
    String(job.attempt),
    job.failReason ?? '-',
    dataText(job.data),
  ]);
  printTable(io, DEAD_COLUMNS, rows);
}

/** As wide as the screen; in files and pipes as wide as it comes. */
export function printTable(
  io: CommandIo,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): void {
  for (const line of tableLines(columns, rows, styleOf(io), io.screen?.columns)) io.print(line);
}

const STATE_STYLES: Readonly<Record<string, StyleName>> = {
  dead: 'red',
  failed: 'yellow',
  running: 'cyan',
  completed: 'green',
  paused: 'dim',
};

export function stateCell(state: string): Cell {
  const style = STATE_STYLES[state];
  return { text: state, styles: style ? [style] : [] };
}

function dataText(data: unknown): string {
  if (data === undefined) return '-';
  return JSON.stringify(data).slice(0, DATA_CHARACTERS);
}
