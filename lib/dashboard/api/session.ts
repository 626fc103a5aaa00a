/*
 * What the dashboard's server and its page say to each other: the bodies of JSON, all instants in ISO 8601, all
 * lengths of time in ms. Paths stand beside each body, below the path of the dashboard.
 */

/** `GET api/session`: what the page has to know before it asks anything else. */
export interface Session {
  /** To be sent as `x-dashboard-token` with every change; the same stands in a cookie that scripts cannot read. */
  readonly token: string;
  /** Whether changes are refused. */
  readonly readOnly: boolean;
  /** The instance of `AgendaRedisModule`: `default`, unless the application has several. */
  readonly instance: string;
  /** Of this library. */
  readonly version: string;
  /** Who the guard says is asking; null when it names nobody. */
  readonly user: string | null;
  /** What is shown in place of values that are redacted. */
  readonly mask: string;
  /** By the store's clock. */
  readonly now: string;
}

/** The body of every answer that is no success. */
export interface ApiError {
  readonly statusCode: number;
  /** The name of an error of this library, or of HTTP. */
  readonly error: string;
  /** What went wrong, and what to do about it. */
  readonly message: string;
}
