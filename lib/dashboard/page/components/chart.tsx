import { useRef, useState } from 'preact/hooks';
import {
  clockTime,
  formatCount,
  formatDuration,
  formatShortCount,
  formatShortDuration,
} from '../format.js';
import { countScale, durationScale, heightOf, type Scale } from '../scale.js';
import { ChartTable, formatValue } from './chart-table.js';
import { areaOf, barsOf, lineOf, type Plot } from './chart-paths.js';
import { useWidth } from './use-width.js';

export interface Series {
  readonly name: string;
  readonly tone: 'first' | 'second' | 'bad';
  /** One for each point of time; null where there is none. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  /** What is drawn: read out in its place, and the title of its table. */
  readonly label: string;
  /** When each of the points began. */
  readonly times: readonly string[];
  readonly series: readonly Series[];
  /** `bars`: on top of each other. `lines`: each for itself. */
  readonly kind: 'bars' | 'lines';
  readonly unit: 'count' | 'ms';
}

const HEIGHT = 132;
const MARGIN = { top: 8, right: 4, bottom: 20, left: 48 };

/** What happened in each minute. What is pointed at is told beside the names of the series, and all of it as a table. */
export function Chart(props: ChartProps) {
  const { label, times, series, kind, unit } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [pointed, setPointed] = useState<number | null>(null);
  const scale = scaleOf(props);
  const plot: Plot = {
    width: Math.max(0, width - MARGIN.left - MARGIN.right),
    height: HEIGHT,
    slots: times.length,
    scale,
  };
  const point = (event: PointerEvent & { readonly currentTarget: SVGSVGElement }) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - MARGIN.left;
    const slot = Math.floor((x / Math.max(1, plot.width)) * times.length);
    setPointed(slot >= 0 && slot < times.length ? slot : null);
  };

  return (
    <figure class="chart">
      <Legend {...props} pointed={pointed} />
      <div class="plot" ref={box}>
        <svg
          role="img"
          aria-label={`${label}. ${summaryOf(props)}`}
          width={width}
          height={HEIGHT + MARGIN.top + MARGIN.bottom}
          onPointerMove={point}
          onPointerLeave={() => setPointed(null)}
        >
          <g transform={`translate(${MARGIN.left} ${MARGIN.top})`}>
            <Axes plot={plot} times={times} unit={unit} />
            {pointed !== null && <Pointer plot={plot} slot={pointed} />}
            {kind === 'bars'
              ? barsOf(series, plot).map((path, index) => (
                  <path key={index} class={`bars ${series[index]!.tone}`} d={path} />
                ))
              : series.map((one) => (
                  <g key={one.name} class={one.tone}>
                    {one.tone === 'first' && <path class="area" d={areaOf(one.values, plot)} />}
                    <path class="line" d={lineOf(one.values, plot)} />
                  </g>
                ))}
          </g>
        </svg>
      </div>
      <ChartTable {...props} />
    </figure>
  );
}

function Legend(props: ChartProps & { readonly pointed: number | null }) {
  const { series, times, pointed, unit } = props;
  return (
    <figcaption class="legend">
      {series.map(({ name, tone, values }) => (
        <span key={name} class={`key ${tone}`}>
          {name}
          {pointed !== null && <b>{formatValue(values[pointed] ?? null, unit)}</b>}
        </span>
      ))}
      {pointed !== null && <span class="at">{clockTime(times[pointed]!)}</span>}
    </figcaption>
  );
}

function Axes(props: { plot: Plot; times: readonly string[]; unit: ChartProps['unit'] }) {
  const { plot, times, unit } = props;
  const every = plot.width > 360 ? 10 : 20;
  return (
    <g class="axes">
      {plot.scale.ticks.map((tick) => {
        const y = Math.round(heightOf(tick, plot.scale, plot.height)) + 0.5;
        return (
          <g key={tick}>
            <path class={tick === 0 ? 'base' : 'rule'} d={`M0 ${y}H${plot.width}`} />
            <text x={-8} y={y + 4} class="value">
              {unit === 'count' ? formatShortCount(tick) : formatShortDuration(tick)}
            </text>
          </g>
        );
      })}
      {times.map((time, slot) =>
        new Date(time).getMinutes() % every === 0 && slot > 1 && slot < times.length - 2 ? (
          <text
            key={time}
            class="time"
            x={((slot + 0.5) / plot.slots) * plot.width}
            y={plot.height + 16}
          >
            {clockTime(time)}
          </text>
        ) : null,
      )}
    </g>
  );
}

function Pointer({ plot, slot }: { readonly plot: Plot; readonly slot: number }) {
  const width = plot.width / plot.slots;
  return <rect class="pointer" x={slot * width} y={0} width={width} height={plot.height} />;
}

function scaleOf({ series, kind, times, unit }: ChartProps): Scale {
  const tops = times.map((_, slot) => {
    const values = series.map(({ values: all }) => all[slot] ?? 0);
    return kind === 'bars' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
  });
  const most = Math.max(0, ...tops);
  return unit === 'count' ? countScale(most) : durationScale(most);
}

function summaryOf({ series, unit }: ChartProps): string {
  return series
    .map(({ name, values }) => {
      const known = values.filter((value) => value !== null);
      if (known.length === 0) return `${name}: none`;
      const sum = known.reduce((total, value) => total + value, 0);
      return unit === 'count'
        ? `${name}: ${formatCount(sum)} in all`
        : `${name}: at most ${formatDuration(Math.max(...known))}`;
    })
    .join('; ');
}
