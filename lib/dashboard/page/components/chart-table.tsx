import { useState } from 'preact/hooks';
import { clockTime, formatCount, formatDuration } from '../format.js';

interface ChartTableProps {
  readonly label: string;
  readonly times: readonly string[];
  readonly series: readonly {
    readonly name: string;
    readonly values: readonly (number | null)[];
  }[];
  readonly unit: 'count' | 'ms';
}

/** The figures of a chart, for those who do not see it or want to know exactly. */
export function ChartTable({ label, times, series, unit }: ChartTableProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Figures<span class="only-read"> of: {label}</span>
      </summary>
      {isOpen && (
        <div class="scroll" tabIndex={0} role="region" aria-label={`Figures of: ${label}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Minute</th>
                {series.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times
                .map((time, slot) => (
                  <tr key={time}>
                    <th scope="row">{clockTime(time)}</th>
                    {series.map(({ name, values }) => (
                      <td key={name}>{formatValue(values[slot] ?? null, unit)}</td>
                    ))}
                  </tr>
                ))
                .reverse()}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

export function formatValue(value: number | null, unit: 'count' | 'ms'): string {
  if (value === null) return '–';
  return unit === 'count' ? formatCount(value) : formatDuration(value);
}
