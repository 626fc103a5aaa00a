import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { UnauthorizedException, type CanActivate } from '@nestjs/common';
import { DashboardApp } from './support/dashboard-app.js';
import { BROWSER_START_MS, TestBrowser } from './support/test-browser.js';

/** Nobody may. */
const closed: CanActivate = {
  canActivate: () => {
    throw new UnauthorizedException('Sign in first.');
  },
};

let browser: TestBrowser;
let app: DashboardApp;
let elsewhere: string;
let stranger: Server;

beforeAll(async () => {
  stranger = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Elsewhere</title><p>A page of somebody else');
  }).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  // Another site to the browser, though it is the same machine.
  elsewhere = `http://localhost.localdomain:${(stranger.address() as AddressInfo).port}/`;
  [browser, app] = await Promise.all([
    TestBrowser.start(['--host-resolver-rules=MAP localhost.localdomain 127.0.0.1']),
    DashboardApp.start(),
  ]);
}, BROWSER_START_MS);
afterAll(async () => {
  await browser?.close();
  await app?.close();
  stranger?.close();
});

it('says so when nobody is signed in any more', async () => {
  const signedIn = { is: true };
  const guard: CanActivate = {
    canActivate: () => {
      if (signedIn.is) return true;
      throw new UnauthorizedException('Sign in first.');
    },
  };
  const guarded = await DashboardApp.start({ dashboard: { guards: [guard] } });
  const visit = await browser.visit(guarded.url);
  await visit.open('#/');

  signedIn.is = false;
  await visit.page.getByRole('link', { name: 'Hosts' }).click();

  await visit.untilSeen('Sign in to see this');
  await visit.leave();
  await guarded.close();
});

it('shows nothing of the page to those who may not look', async () => {
  const guarded = await DashboardApp.start({ dashboard: { guards: [closed] } });

  const visit = await browser.visit(guarded.url);

  expect(await visit.page.locator('body').innerText()).toContain('Sign in first.');
  expect(visit.complaints[0]).toContain('401 (Unauthorized)');
  for (const path of ['app.js', 'app.css', 'api/session', 'api/overview', 'api/jobs', 'api/live']) {
    expect([path, (await fetch(new URL(path, guarded.url))).status]).toEqual([path, 401]);
  }
  await visit.leave();
  await guarded.close();
});

describe('a page of another site, in the browser of somebody who is signed in', () => {
  const body = (id: string) => JSON.stringify({ ids: [id], action: 'remove' });

  it.each([
    [
      'a form',
      `(url, body) => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: url, enctype: 'text/plain', target: 'there' });
        const field = document.createElement('input');
        Object.assign(field, { type: 'hidden', name: body.slice(0, -1) + ',"ignored":"', value: '"}' });
        const frame = document.createElement('iframe');
        frame.name = 'there';
        document.body.append(frame, form);
        form.append(field);
        form.submit();
      }`,
    ],
    [
      'fetch without asking first',
      `(url, body) => {
        void fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).catch(() => 0);
      }`,
    ],
    [
      'fetch with JSON',
      `(url, body) => {
        const headers = { 'content-type': 'application/json', 'x-dashboard-token': 'a'.repeat(43) };
        void fetch(url, { method: 'POST', credentials: 'include', headers, body }).catch(() => 0);
      }`,
    ],
  ])('changes nothing by %s', async (_, attack) => {
    const { id } = await app.scheduler.schedule('in 1 hour', 'send-mail');
    const visit = await browser.visit(app.url);
    await visit.open('#/');
    const url = `${app.url}api/jobs/bulk`;
    const answered = visit.page.waitForEvent('requestfinished', byPost(url)).catch(() => null);
    const failed = visit.page.waitForEvent('requestfailed', byPost(url)).catch(() => null);
    await visit.page.goto(elsewhere);

    await visit.page.evaluate(`(${attack})(${JSON.stringify(url)}, ${JSON.stringify(body(id))})`);
    const request = (await Promise.race([answered, failed]))!;

    const response = await request.response();
    expect([null, 403, 404, 415]).toContain(response?.status() ?? null);
    expect(await app.scheduler.get(id)).toBeDefined();
    await visit.leave();
  });

  it('cannot show the dashboard in a frame', async () => {
    const visit = await browser.visit(elsewhere);

    await visit.page.evaluate(`
      const frame = document.createElement('iframe');
      frame.src = ${JSON.stringify(app.url)};
      document.body.append(frame);
      new Promise((resolve) => { frame.onload = resolve; });
    `);

    const frame = visit.page.frames()[1]!;
    expect(frame.url()).not.toBe(app.url);
    expect(visit.complaints.join()).toContain('frame-ancestors');
    await visit.leave();
  });
});

function byPost(url: string) {
  return (request: { method(): string; url(): string }) =>
    request.url() === url && request.method() === 'POST';
}
