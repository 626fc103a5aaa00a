import { heightOf, type Scale } from '../scale.js';

/** The area that is drawn on: px, and how many points of time stand side by side. */
export interface Plot {
  readonly width: number;
  readonly height: number;
  readonly slots: number;
  readonly scale: Scale;
}

interface Drawn {
  readonly values: readonly (number | null)[];
}

/** A path for each series, each on top of those before it; what is more than none is at least a px high. */
export function barsOf(series: readonly Drawn[], plot: Plot): string[] {
  const slot = plot.width / plot.slots;
  const bar = Math.max(1, slot - Math.min(2, slot / 4));
  const tops = Array.from({ length: plot.slots }, () => plot.height);
  return series.map(({ values }) =>
    values
      .map((value, index) => {
        if (!value) return '';
        const height = Math.max(1, plot.height - heightOf(value, plot.scale, plot.height));
        const bottom = tops[index]!;
        tops[index] = bottom - height;
        const x = round(index * slot + (slot - bar) / 2);
        return `M${x} ${round(bottom)}v${round(-height)}h${round(bar)}v${round(height)}z`;
      })
      .join(''),
  );
}

/** A line through the values that are there; one that stands alone is a dash. */
export function lineOf(values: readonly (number | null)[], plot: Plot): string {
  return stretchesOf(values, plot)
    .map((points) => {
      const [first, ...more] = points;
      if (more.length === 0) return `M${round(first!.x - 2)} ${first!.y}h4`;
      return `M${first!.x} ${first!.y}${more.map(({ x, y }) => `L${x} ${y}`).join('')}`;
    })
    .join('');
}

/** What is below the line. */
export function areaOf(values: readonly (number | null)[], plot: Plot): string {
  return stretchesOf(values, plot)
    .filter((points) => points.length > 1)
    .map((points) => {
      const line = points.map(({ x, y }) => `L${x} ${y}`).join('');
      return `M${points[0]!.x} ${plot.height}${line}L${points.at(-1)!.x} ${plot.height}z`;
    })
    .join('');
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Neighbours that are there, together. */
function stretchesOf(values: readonly (number | null)[], plot: Plot): Point[][] {
  const stretches: Point[][] = [];
  let open: Point[] | null = null;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      open = null;
      continue;
    }
    if (open === null) stretches.push((open = []));
    open.push({
      x: round(((index + 0.5) / plot.slots) * plot.width),
      y: round(heightOf(value, plot.scale, plot.height)),
    });
  }
  return stretches;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
