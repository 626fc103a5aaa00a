import { once } from 'node:events';
import { createServer, request as ask, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DashboardApp, type DashboardAppOptions } from './support/dashboard-app.js';
import { BROWSER_START_MS, TestBrowser } from './support/test-browser.js';
import { allViews, untilShown } from './support/views.js';

let browser: TestBrowser;
let app: DashboardApp | undefined;
let proxy: Server | undefined;

beforeAll(async () => {
  browser = await TestBrowser.start();
}, BROWSER_START_MS);
afterAll(() => browser?.close());
afterEach(async () => {
  await app?.close();
  proxy?.closeAllConnections();
  proxy?.close();
});

/** Serves the application below a path of which it knows nothing. */
async function startProxy(prefix: string, target: string): Promise<string> {
  proxy = createServer((request, response) => {
    if (!request.url!.startsWith(`${prefix}/`)) {
      response.writeHead(404).end();
      return;
    }
    const { headers, method } = request;
    const passedOn = ask(
      target + request.url!.slice(prefix.length),
      { headers, method },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    passedOn.on('error', () => response.destroy());
    response.on('close', () => passedOn.destroy());
    request.pipe(passedOn);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}`;
}

interface Place extends DashboardAppOptions {
  readonly behind?: string;
}

const PLACES: [string, Place][] = [
  ['on Express', {}],
  ['on Fastify', { platform: 'fastify' }],
  ['below a global prefix', { globalPrefix: 'shop/v1' }],
  ['below a path of several parts', { dashboard: { public: true, path: '/admin/queue/jobs' } }],
  ['behind a proxy that takes a prefix away', { behind: '/internal/tools' }],
  [
    'behind such a proxy, on Fastify, with a global prefix',
    { behind: '/internal/tools', platform: 'fastify', globalPrefix: 'shop' },
  ],
];

it.each(PLACES)('works %s', async (_, { behind, ...options }) => {
  app = await DashboardApp.start(options);
  const { pathname } = new URL(app.url);
  const origin = behind === undefined ? app.origin : await startProxy(behind, app.origin);
  const id = await app.meets('dies', 'charge-card');

  // As people type it: without the slash at its end.
  const visit = await browser.visit(origin + pathname.slice(0, -1));
  await visit.page.waitForURL(`${origin}${pathname}**`);
  visit.isAt(`${origin}${pathname}`);
  for (const fragment of Object.values(allViews('charge-card', id))) {
    await visit.open(fragment);
    await untilShown(visit);
  }
  await visit.page.getByText('Live', { exact: true }).waitFor();
  await visit.open(allViews('charge-card', id).job!);
  expect(visit.complaints).toEqual([]);
  await visit.press('Remove…');
  await visit.answer('Remove');

  await app.untilGone(id);
  await visit.leave();
});
