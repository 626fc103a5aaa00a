import { ConnectionError } from '../core/index.js';

/** The same error is written once in this time; a later line tells how often it came. */
const SAME_ERROR_EVERY_MS = 30_000;
const ERRORS_REMEMBERED = 100;

/** Why ever it is away: the messages tell of addresses, times and calls, and each call may have its own. */
const STORE_IS_AWAY = Symbol('the store cannot be reached');

interface Seen {
  writtenAt: number;
  /** How often it came since that line. */
  unwritten: number;
}

/** Which errors are written when one comes again and again. */
export class ErrorThinning {
  private readonly seen = new Map<string | symbol, Seen>();
  private toldAway = false;

  /** @param now - in ms, by a clock that is never set */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @returns how often the error came unwritten before; `undefined` when it is not to be written now */
  admit(error: Error): number | undefined {
    const key = error instanceof ConnectionError ? STORE_IS_AWAY : error.message;
    const now = this.now();
    const seen = this.seen.get(key);
    if (seen && now - seen.writtenAt < SAME_ERROR_EVERY_MS) {
      seen.unwritten += 1;
      return undefined;
    }
    if (this.seen.size >= ERRORS_REMEMBERED) this.seen.clear();
    this.seen.set(key, { writtenAt: now, unwritten: 0 });
    if (key === STORE_IS_AWAY) this.toldAway = true;
    return seen?.unwritten ?? 0;
  }

  /**
   * The store has answered.
   *
   * @returns how many errors came unwritten; `undefined` when nobody was told that it was away
   */
  storeIsBack(): number | undefined {
    if (!this.toldAway) return undefined;
    this.toldAway = false;
    const seen = this.seen.get(STORE_IS_AWAY);
    const unwritten = seen?.unwritten ?? 0;
    if (seen) seen.unwritten = 0;
    return unwritten;
  }
}
