import { Temporal } from 'temporal-polyfill';
import { InvalidScheduleError } from '../errors.js';

/*
 * Time zones.
 *
 * Cron rules are searched in *wall time*: the local date and clock, written as the milliseconds
 * since the epoch that the same date and clock would have in UTC. Wall time is plain arithmetic,
 * and between two changes of the zone's offset it differs from real time by a constant. Such a
 * stretch is a `ZoneSpan`; spans are asked from Temporal once and remembered.
 */

/** A stretch of real time in which the zone's offset does not change. */
export interface ZoneSpan {
  /** First instant for which this holds. When `before` differs from `offset`, the clocks changed here. */
  readonly from: number;
  /** First instant after it, when the clocks change again; `Infinity` when they never do. */
  readonly until: number;
  /** Wall time minus real time, in ms. */
  readonly offset: number;
  /** The offset just before `from`; the same as `offset` when the clocks did not change there. */
  readonly before: number;
}

// No zone repeats or leaves out more than a day, so an older change cannot touch the present wall time.
const REACH_OF_A_CHANGE = 2 * 86_400_000;
const SPANS_KEPT = 256;

/** A time zone by its IANA name. */
export class Zone {
  private spans: ZoneSpan[] = [];
  private latest: ZoneSpan | undefined;

  private constructor(readonly name: string) {}

  private static readonly known = new Map<string, Zone>();
  private static own: Zone | undefined;

  /** The zone of that name; that of the process when none is given. */
  static of(name?: string | null): Zone {
    if (name === undefined || name === null) return Zone.ofProcess();
    const key = typeof name === 'string' ? name.toLowerCase() : '';
    const known = Zone.known.get(key);
    if (known) return known;
    if (!isZoneName(name)) throw unknownZone(name);
    const zone = new Zone(name);
    Zone.known.set(key, zone);
    return zone;
  }

  /** The zone of the process, looked up once. */
  private static ofProcess(): Zone {
    Zone.own ??= Zone.of(new Intl.DateTimeFormat().resolvedOptions().timeZone);
    return Zone.own;
  }

  at(instant: number): Temporal.ZonedDateTime {
    return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(this.name);
  }

  /** The wall time of an instant. */
  wallTime(instant: number): number {
    return instant + this.spanAt(instant).offset;
  }

  /**
   * The instant of a wall time: the first one of two, and for a wall time that the clocks leave out
   * as much later as they jump (02:30 becomes 03:30).
   */
  instant(wallTime: number): number {
    const local = new Date(wallTime).toISOString().slice(0, -1);
    return Temporal.PlainDateTime.from(local).toZonedDateTime(this.name).epochMilliseconds;
  }

  /** The span that holds an instant. */
  spanAt(instant: number): ZoneSpan {
    if (this.latest && holds(this.latest, instant)) return this.latest;
    this.latest = this.spans.find((span) => holds(span, instant)) ?? this.measure(instant);
    return this.latest;
  }

  private measure(instant: number): ZoneSpan {
    let point = this.at(instant - REACH_OF_A_CHANGE);
    let span: ZoneSpan = {
      from: instant,
      until: nextChange(point),
      offset: offsetOf(point),
      before: offsetOf(point),
    };
    while (span.until <= instant) {
      point = this.at(span.until);
      span = {
        from: span.until,
        until: nextChange(point),
        offset: offsetOf(point),
        before: span.offset,
      };
    }
    if (this.spans.length >= SPANS_KEPT) this.spans = [];
    this.spans.push(span);
    return span;
  }
}

const holds = (span: ZoneSpan, instant: number): boolean =>
  span.from <= instant && instant < span.until;

const offsetOf = (point: Temporal.ZonedDateTime): number => point.offsetNanoseconds / 1e6;

const nextChange = (point: Temporal.ZonedDateTime): number =>
  point.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity;

/** Offsets such as '+02:00' are left out: Node 20 does not know them, so a rule would run on some processes only. */
function isZoneName(name: unknown): name is string {
  if (typeof name !== 'string' || !/^[a-z]/i.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const unknownZone = (name: unknown): InvalidScheduleError =>
  new InvalidScheduleError(name, 'it is not the name of a time zone', [
    'UTC',
    'Europe/Paris',
    'America/New_York',
  ]);
