/** Drawn in a square of 16, in the colour of the text around it. */
const PATHS = {
  alert: 'M8 2.2 14.4 13.5H1.6ZM8 6.5v3.2M8 11.4v.2',
  calendar: 'M2.5 4h11v9.5h-11ZM2.5 7h11M5.5 2.2V4M10.5 2.2V4',
  check: 'm3 8.5 3.2 3.2L13 4.8',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 4.8V8l2.2 1.6',
  close: 'm3.8 3.8 8.4 8.4M12.2 3.8l-8.4 8.4',
  copy: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  cross: 'm4 4 8 8M12 4l-8 8',
  dead: 'M5.4 2h5.2L14 5.4v5.2L10.6 14H5.4L2 10.6V5.4ZM6 6l4 4M10 6l-4 4',
  grid: 'M2.5 2.5h4.2v4.2H2.5ZM9.3 2.5h4.2v4.2H9.3ZM2.5 9.3h4.2v4.2H2.5ZM9.3 9.3h4.2v4.2H9.3Z',
  host: 'M2.5 3h11v4h-11ZM2.5 9h11v4h-11ZM5 5h.1M5 11h.1',
  keyboard: 'M1.5 4h13v8h-13ZM4 6.7h.1M6.7 6.7h.1M9.3 6.7h.1M12 6.7h.1M5 9.5h6',
  list: 'M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1',
  moon: 'M13.2 9.7A5.6 5.6 0 0 1 6.3 2.8 5.6 5.6 0 1 0 13.2 9.7Z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2 12.2 8 5 12.8Z',
  plus: 'M8 3v10M3 8h10',
  queue: 'M3 4h10M3 8h10M3 12h6',
  repeat:
    'M13 7.5A5 5 0 0 0 4 5L2.8 6.3M2.8 3.2v3.1h3.1M3 8.5A5 5 0 0 0 12 11l1.2-1.3M13.2 12.8V9.7h-3.1',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7L13 5.8M13 2.8v3h-3',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.4 3.4',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.4v1.4M8 13.2v1.4M1.4 8h1.4M13.2 8h1.4M3.3 3.3l1 1M11.7 11.7l1 1M12.7 3.3l-1 1M4.3 11.7l-1 1',
  system: 'M2 3h12v8H2ZM6 13.5h4',
} as const;

export type IconName = keyof typeof PATHS;

/** Never the only sign of anything: hidden from screen readers. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
