export type Cell = string | number | undefined;

/** A Markdown table, aligned so that it can be read as it is. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const text = rows.map((row) => row.map((cell) => (cell === undefined ? '–' : String(cell))));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...text.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...text.map(line)].join('\n');
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function decimals(value: number, count = 1): string {
  return value.toFixed(count);
}

export function times(value: number): string {
  return `${value < 0.1 ? value.toFixed(3) : value.toFixed(2)} ×`;
}

/** A table under its title, as Markdown. */
export const section = (title: string, body: string): string => `**${title}**\n\n${body}\n`;
