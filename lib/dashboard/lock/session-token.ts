import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Headers } from './same-origin.js';

/*
 * The proof that a change was asked for by the page: a random token that stands in a cookie, which the browser sends
 * whoever makes it send something, and in a header, which only who has read the token can write. Nothing is kept here:
 * any process of the application can judge it.
 */

export const TOKEN_HEADER = 'x-dashboard-token';
const COOKIE = 'agenda-dashboard';
/** 32 bytes in base64url. */
const TOKEN = /^[\w-]{43}$/;

/** What of a request is the same on every platform. */
export interface CookieRequest {
  readonly headers: Headers;
  readonly socket?: { readonly encrypted?: boolean };
  readonly raw?: { readonly socket?: { readonly encrypted?: boolean } };
}

/** The token of a session, and the cookie that a browser is to keep it in. */
export interface GivenToken {
  readonly token: string;
  readonly setCookie: string;
}

/** The token that the request has brought along already, or a new one. */
export function tokenFor(request: CookieRequest): GivenToken {
  const [token = randomBytes(32).toString('base64url')] = tokensOf(request.headers);
  // Without a path it is that of `…/api/session` as the browser knows it, whatever a proxy makes of that.
  const attributes = ['HttpOnly', 'SameSite=Strict', ...(cameByHttps(request) ? ['Secure'] : [])];
  return { token, setCookie: [`${COOKIE}=${token}`, ...attributes].join('; ') };
}

/** Whether the token in the header is that of a cookie. */
export function provesItself({ headers }: CookieRequest): boolean {
  const given = headers[TOKEN_HEADER];
  if (typeof given !== 'string' || !TOKEN.test(given)) return false;
  const asked = Buffer.from(given);
  return tokensOf(headers).some((token) => timingSafeEqual(Buffer.from(token), asked));
}

/** There may be several: of dashboards above and below this one. */
function tokensOf({ cookie }: Headers): string[] {
  if (typeof cookie !== 'string') return [];
  const pairs = cookie.split(';').map((pair) => pair.trim().split('='));
  return pairs.flatMap(([name, value]) =>
    name === COOKIE && value !== undefined && TOKEN.test(value) ? [value] : [],
  );
}

function cameByHttps({ headers, socket, raw }: CookieRequest): boolean {
  const forwarded = headers['x-forwarded-proto'];
  if (typeof forwarded === 'string' && forwarded.split(',')[0]!.trim() === 'https') return true;
  return (raw?.socket ?? socket)?.encrypted === true;
}
