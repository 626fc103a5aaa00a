const WIDTH = 120;
const HEIGHT = 24;

/** The last hour in a line's height: completed as a line, failed as marks below it. */
export function Sparkline(props: {
  /** Read out in its place. */
  readonly label: string;
  readonly completed: readonly number[];
  readonly failed: readonly number[];
}) {
  const { label, completed, failed } = props;
  const most = Math.max(1, ...completed, ...failed);
  const slot = WIDTH / Math.max(1, completed.length);
  const bars = (values: readonly number[]) =>
    values
      .map((value, index) => {
        if (value === 0) return '';
        const height = Math.max(1.5, (value / most) * HEIGHT);
        return `M${round(index * slot)} ${HEIGHT}v${round(-height)}h${round(slot * 0.75)}v${round(height)}z`;
      })
      .join('');
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class="base" d={`M0 ${HEIGHT - 0.5}h${WIDTH}`} />
      <path class="completed" d={bars(completed)} />
      <path class="failed" d={bars(failed)} />
    </svg>
  );
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
