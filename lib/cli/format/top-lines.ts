import type { NameSnapshot, Snapshot } from '../snapshot.js';
import { clockText } from './clock-text.js';
import { plainText } from './plain-text.js';
import { spanText } from './span-text.js';
import type { Style } from './style.js';
import { tableLines, type Cell, type Column } from './table.js';
import { cutToWidth } from './text-width.js';

/** Longer than this a due job should not wait: it is shown so. */
const SLOW_MS = 60_000;

const COLUMNS: readonly Column[] = [
  { title: 'NAME', mayShrink: true },
  { title: 'QUEUED', isNumber: true },
  { title: 'RUNNING', isNumber: true },
  { title: 'RETRYING', isNumber: true },
  { title: 'DEAD', isNumber: true },
  { title: 'SCHEDULED', isNumber: true, mayGo: true },
  { title: 'ADDED/M', isNumber: true, mayGo: true },
  { title: 'DONE/M', isNumber: true, mayGo: true },
  { title: 'FAILED/M', isNumber: true, mayGo: true },
  { title: 'LATENCY', isNumber: true },
  { title: '' },
];

interface Look {
  readonly style: Style;
  readonly utc?: boolean | undefined;
  /** Of the terminal; left out: as wide as it comes, and of all names. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** What `top` shows, as many names as there is room for. */
export function topLines(snapshot: Snapshot, { style, utc, width, height }: Look): string[] {
  const { names } = snapshot;
  const heads = headLines(snapshot, { utc, width });
  const room = height === undefined ? names.length : Math.max(height - heads.length - 2, 0);
  const shown = names.length > room ? names.slice(0, Math.max(room - 1, 0)) : names;
  const table = tableLines(COLUMNS, shown.map(rowOf), style, width);
  const left = names.length - shown.length;
  return [...heads, '', ...table, ...(left > 0 ? [`and ${left} more names`] : [])];
}

function headLines(
  { at, hosts, pause }: Snapshot,
  { utc, width = Infinity }: Omit<Look, 'style'>,
): string[] {
  const { alive, running, slots } = hosts;
  const word = alive === 1 ? 'host' : 'hosts';
  const first = `${clockText({ utc })(at)}   ${alive} ${word}, ${running} of ${slots} slots run`;
  const reason = pause?.reason === undefined ? '' : `: ${plainText(pause.reason)}`;
  const lines = pause ? [first, `Everything is paused${reason}`] : [first];
  return lines.map((line) => cutToWidth(line, width));
}

function rowOf({ name, counts, latencyMs, perMinute, pause }: NameSnapshot): Cell[] {
  const { queued, running, failed, dead, scheduled, repeating } = counts;
  return [
    name,
    String(queued),
    { text: String(running), styles: running > 0 ? ['cyan'] : [] },
    { text: String(failed - dead), styles: failed > dead ? ['yellow'] : [] },
    { text: String(dead), styles: dead > 0 ? ['red'] : [] },
    String(scheduled + repeating),
    rateText(perMinute.added),
    rateText(perMinute.completed),
    { text: rateText(perMinute.failed), styles: perMinute.failed > 0 ? ['yellow'] : [] },
    { text: latencyMs > 0 ? spanText(latencyMs) : '-', styles: latencyMs > SLOW_MS ? ['red'] : [] },
    { text: pause ? 'paused' : '', styles: ['yellow'] },
  ];
}

/** One digit behind the point where it tells something. */
function rateText(perMinute: number): string {
  if (perMinute === 0) return '-';
  return perMinute < 10 ? perMinute.toFixed(1) : String(Math.round(perMinute));
}
