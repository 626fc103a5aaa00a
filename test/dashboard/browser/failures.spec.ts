import type { Route } from 'playwright-core';
import { DashboardApp } from './support/dashboard-app.js';
import { BROWSER_START_MS, TestBrowser } from './support/test-browser.js';
import { allViews } from './support/views.js';
import type { Visit } from './support/visit.js';

const OUTAGE = 'The store does not answer.';

let browser: TestBrowser;
let app: DashboardApp;
let visit: Visit;

beforeAll(async () => {
  [browser, app] = await Promise.all([TestBrowser.start(), DashboardApp.start()]);
}, BROWSER_START_MS);
beforeEach(async () => {
  visit = await browser.visit(app.url);
});
afterEach(() => visit?.leave());
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

const refuse = (status: number) => (route: Route) =>
  route.fulfill({ status, json: { statusCode: status, error: 'Outage', message: OUTAGE } });

it.each(Object.entries(allViews('send-mail', 'some-id')))(
  'says on the view %s why there is nothing to see',
  async (_, fragment) => {
    await visit.page.route(/api\/(?!session)/, refuse(503));
    await visit.open(fragment);
    await visit.page.reload();

    await visit.untilSeen('The server could not answer');
    await visit.untilSeen(OUTAGE);
  },
);

it('keeps the page when a view breaks, says why, and loads again', async () => {
  await visit.page.route(/api\/hosts/, (route) => route.fulfill({ json: {} }));

  const heading = await visit.open('#/hosts');

  expect(await heading.textContent()).toBe('This view is broken');
  await visit.untilSeen(/TypeError: /);
  await visit.open('#/jobs');
  expect(await heading.textContent()).toBe('Jobs');
  await visit.open('#/hosts');
  await visit.page.unrouteAll();
  await visit.press('Load again');
  await visit.page.getByRole('heading', { level: 1, name: 'Hosts' }).waitFor();
});

it('keeps a list that is shown while the store has an outage', async () => {
  const id = await app.meets('completes', 'send-mail');
  await visit.open('#/jobs?state=completed');
  await visit.untilSeen(id);
  await visit.page.route(/api\/jobs/, refuse(503));

  await app.meets('completes', 'send-mail');

  await visit.untilSeen(OUTAGE);
  await visit.untilSeen(id);
});

it('shows an answer that takes longer than it takes until there are news', async () => {
  await visit.page.route(/api\/jobs\?/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await route.continue().catch(() => undefined);
  });
  const news = setInterval(() => void app.scheduler.now('send-mail', { fate: 'completes' }), 100);
  try {
    await visit.open('#/jobs?state=completed');
    const found = visit.page.getByRole('link', { name: 'send-mail' });
    await found.first().waitFor();
    expect(await found.count()).toBeGreaterThan(0);
  } finally {
    clearInterval(news);
    await visit.page.unrouteAll({ behavior: 'wait' });
  }
});

it('tells in a dialog why what it asks for was refused', async () => {
  await app.scheduler.now('send-mail', { fate: 'completes' });
  await visit.open('#/names/send-mail');
  await visit.page.route(/pause/, refuse(503));

  await visit.press('Pause send-mail');
  await visit.dialog.getByRole('button', { name: 'Pause', exact: true }).click();

  await visit.dialog.getByText(OUTAGE).waitFor();
  expect(await app.scheduler.pauses()).toEqual({ names: {} });
});

it('does not pause everything for a name that would be another path', async () => {
  await app.scheduler.schedule('in 1 hour', '..');
  await visit.open('#/');
  await visit.press('Pause ..');

  await visit.dialog.getByRole('button', { name: 'Pause', exact: true }).click();

  await visit.dialog.getByText('No address can name').waitFor();
  expect(await app.scheduler.pauses()).toEqual({ names: {} });
});

it('finds the jobs with a tag from the page of one of them', async () => {
  const id = await app.meetsAs({ tags: ['new customers'] }, 'completes', 'send-mail', {});
  await visit.open(`#/jobs/${encodeURIComponent(id)}`);

  await visit.page.getByRole('link', { name: 'new customers' }).click();

  await visit.untilSeen(id);
  expect(await visit.page.getByLabel('Search jobs').inputValue()).toBe('tag:"new customers"');
});
