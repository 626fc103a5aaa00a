/** Of more, a single cell could not be seen. */
const MOST_CELLS = 40;
const WIDTH = 400;
const HEIGHT = 10;
const SPACE = 3;

/** The slots of a host, those in use filled; what they mean stands beside them. */
export function SlotBar({ slots, running }: { readonly slots: number; readonly running: number }) {
  const cells = Math.min(Math.max(slots, 1), MOST_CELLS);
  const filled = Math.ceil((Math.min(running, slots) / Math.max(slots, 1)) * cells);
  const width = (WIDTH + SPACE) / cells - SPACE;
  return (
    <svg
      class="slot-bar"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      height={HEIGHT}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {Array.from({ length: cells }, (_, index) => (
        <rect
          key={index}
          class={index < filled ? 'used' : ''}
          x={index * (width + SPACE)}
          width={width}
          height={HEIGHT}
        />
      ))}
    </svg>
  );
}
