import { isOfOwnOrigin } from '../../lib/dashboard/lock/same-origin.js';
import { tokenFor } from '../../lib/dashboard/lock/session-token.js';
import type { Proof } from './page-client.js';
import { closeDashboards, startDashboard } from './support.js';

afterEach(closeDashboards);

describe('the token of a session', () => {
  const cookie = `agenda-dashboard=${'a'.repeat(43)}`;

  it('stands in a cookie that scripts cannot read, and other sites do not send', async () => {
    const running = await startDashboard();

    const response = await running.fetch('api/session');
    const { token } = (await response.json()) as { token: string };

    expect(token).toMatch(/^[\w-]{43}$/);
    expect(response.headers.get('set-cookie')).toBe(
      `agenda-dashboard=${token}; HttpOnly; SameSite=Strict`,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('is another one for each browser, and stays the same for one', () => {
    expect(tokenFor({ headers: {} }).token).not.toBe(tokenFor({ headers: {} }).token);
    expect(tokenFor({ headers: { cookie: `a=b; ${cookie}` } }).token).toBe('a'.repeat(43));
  });

  it.each(['', 'agenda-dashboard=', 'agenda-dashboard=short', `${cookie}a`, `x${cookie}`])(
    'is made anew where the cookie is none: %j',
    (none) => {
      expect(tokenFor({ headers: { cookie: none } }).token).not.toMatch(/^a+$/);
    },
  );

  it.each([
    ['by https', { socket: { encrypted: true }, headers: {} }, true],
    ['by https to Fastify', { raw: { socket: { encrypted: true } }, headers: {} }, true],
    ['by https to the proxy', { headers: { 'x-forwarded-proto': 'https,http' } }, true],
    ['by http', { socket: {}, headers: {} }, false],
    ['by http to the proxy', { headers: { 'x-forwarded-proto': 'http' } }, false],
  ])('keeps to https when the request came %s', (_, request, isSecure) => {
    expect(tokenFor(request).setCookie.endsWith('; Secure')).toBe(isSecure);
  });
});

describe('an origin', () => {
  const own: [headers: Proof, isOwn: boolean][] = [
    [{ host: 'a:80', origin: 'http://a' }, false],
    [{ host: 'a', origin: 'http://a:80' }, true],
    [{ host: 'A', origin: 'http://a' }, true],
    [{ host: 'a:3000', origin: 'http://a:3000' }, true],
    [{ host: 'a:3000', origin: 'http://a:3001' }, false],
    [{ host: 'a', origin: 'http://a.b' }, false],
    [{ host: 'a', origin: 'data:text/html,a' }, false],
    [{ host: '', origin: 'file:///a' }, false],
    [{ host: 'a', origin: 'http://a', 'sec-fetch-site': 'cross-site' }, false],
    [{ host: 'a', 'sec-fetch-site': 'same-origin, cross-site' }, false],
  ];
  it.each(own)('of %j is its own: %s', (headers, isOwn) => {
    expect(isOfOwnOrigin(headers)).toBe(isOwn);
  });
});
