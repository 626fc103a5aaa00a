import { plainText } from './plain-text.js';
import type { Style, StyleName } from './style.js';
import { cutToWidth, padToWidth, textWidth } from './text-width.js';

export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
  /** Whether it may be cut where the table is too wide. Ids never are: people copy them. */
  readonly mayShrink?: boolean;
  /** Whether it is left out where there is no room for it: the last such first. */
  readonly mayGo?: boolean;
}

/** A text, or one with colours: its text may come from strangers. */
export type Cell = string | { readonly text: string; readonly styles: readonly StyleName[] };

const GAP = '  ';
/** Narrower than this a column says nothing. */
const LEAST_WIDTH = 8;

/**
 * The lines of a table, its titles first. What a terminal would obey is spelled out in each cell.
 *
 * @param width - of the terminal; left out: as wide as it comes
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
  width = Infinity,
): string[] {
  const titles = columns.map(({ title }): CleanCell => ({ text: title, styles: ['bold'] }));
  const cells = [titles, ...rows.map((row) => row.map(cleanCell))];
  const shown = withWidths(columns, cells, width);
  return cells.map((row) => {
    const parts = shown.map(({ place, isNumber, width: own }, i) => {
      const { text, styles } = row[place]!;
      const cut = cutToWidth(text, own);
      const isLast = i === shown.length - 1 && !isNumber;
      return style(isLast ? cut : padToWidth(cut, own, isNumber ? 'right' : 'left'), ...styles);
    });
    return parts.join(GAP).trimEnd();
  });
}

interface CleanCell {
  readonly text: string;
  readonly styles: readonly StyleName[];
}

function cleanCell(cell: Cell): CleanCell {
  const { text, styles } = typeof cell === 'string' ? { text: cell, styles: [] } : cell;
  return { text: plainText(text), styles };
}

/** A column that is shown, and where its cells stand in a row. */
interface ShownColumn extends Column {
  readonly place: number;
  width: number;
}

/** Where even the narrowest is too wide, the terminal wraps the lines. */
function withWidths(
  columns: readonly Column[],
  rows: readonly (readonly CleanCell[])[],
  width: number,
): readonly ShownColumn[] {
  const natural = columns.map((column, place) => {
    const widest = rows.reduce((most, row) => Math.max(most, textWidth(row[place]!.text)), 0);
    return { ...column, place, width: widest };
  });
  for (let shown = natural; ;) {
    const tried = shown.map((column): ShownColumn => ({ ...column }));
    const leaving = shown.findLastIndex(({ mayGo }) => mayGo);
    if (shrunk(tried, width) || leaving < 0) return tried;
    shown = shown.toSpliced(leaving, 1);
  }
}

/** Takes from the widest that may shrink. @returns whether it fits now */
function shrunk(columns: readonly ShownColumn[], width: number): boolean {
  for (;;) {
    const total = columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
    if (total <= width) return true;
    const shrinkable = columns.filter((column) => column.mayShrink && column.width > LEAST_WIDTH);
    const [widest, next] = shrinkable.toSorted((a, b) => b.width - a.width);
    if (!widest) return false;
    const floor = Math.min(Math.max(next?.width ?? 0, LEAST_WIDTH), widest.width - 1);
    widest.width = Math.max(widest.width - (total - width), floor);
  }
}
