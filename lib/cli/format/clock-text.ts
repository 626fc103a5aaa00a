/** How instants are shown to people. */
export type ClockText = (at: Date | null | undefined) => string;

/** In the zone of this process, or in UTC; with its zone, so that nobody has to guess. */
export function clockText({ utc = false }: { readonly utc?: boolean | undefined }): ClockText {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(utc && { timeZone: 'UTC' }),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => {
    if (!at) return '-';
    const part = partsOf(format, at);
    const time = `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`;
    return utc ? `${time}Z` : time;
  };
}

/** A planned time as its rule means it: with the weekday, and its zone's name. */
export function zonedText(at: Date, timeZone: string | undefined): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(timeZone !== undefined && { timeZone }),
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  const part = partsOf(format, at);
  const day = `${part.weekday} ${part.year}-${part.month}-${part.day}`;
  const seconds = part.second === '00' ? '' : `:${part.second}`;
  return `${day} ${part.hour}:${part.minute}${seconds} ${part.timeZoneName}`;
}

function partsOf(format: Intl.DateTimeFormat, at: Date): Record<string, string> {
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}
