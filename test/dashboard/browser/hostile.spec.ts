import { newClient, storeOptions } from '../../support/redis-endpoint.js';
import { homeOf } from '../../support/store-prefixes.js';
import { DashboardApp } from './support/dashboard-app.js';
import { BROWSER_START_MS, TestBrowser } from './support/test-browser.js';
import { allViews, untilShown } from './support/views.js';
import type { Visit } from './support/visit.js';
import { HOSTILE } from './support/workshop.js';

const SCRIPT = `</script><script>alert('data')</script>`;
const LINK = `<a href="javascript:alert('link')">javascript:alert('link')</a>`;
/** It has what an address could take for its own, too. */
const ID = `../api/<b>?id=1#/dead%2f"'&`;

let browser: TestBrowser;
let app: DashboardApp;
let visit: Visit;

beforeAll(async () => {
  [browser, app] = await Promise.all([TestBrowser.start(), DashboardApp.start()]);
  await plant();
  visit = await browser.visit(app.url);
}, BROWSER_START_MS);
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

/** Whatever a job or a process can say is hostile. */
async function plant(): Promise<void> {
  const { scheduler } = app;
  const deed = {
    log: [SCRIPT, HOSTILE],
    progress: HOSTILE,
    result: LINK,
    error: `${SCRIPT}${LINK}`,
  };
  const options = { tags: [HOSTILE, SCRIPT], context: { tenant: LINK } };
  await app.meetsAs({ ...options, id: ID }, 'dies', HOSTILE, { [SCRIPT]: LINK, ...deed });
  await app.meetsAs(options, 'runs', HOSTILE, deed);
  await app.meetsAs(options, 'completes', HOSTILE, deed);
  await app.meetsAs(options, 'retries', HOSTILE, deed);
  await scheduler.every('1 hour', HOSTILE, deed, { key: SCRIPT, skipImmediate: true });
  await scheduler.pause(HOSTILE, { reason: SCRIPT, by: HOSTILE });
  await tellHostileHost();
}

/** Names of hosts are made readable here; a process of another version may not do that. */
async function tellHostileHost(): Promise<void> {
  const home = homeOf({ ...storeOptions, keyPrefix: app.keyPrefix });
  const redis = newClient();
  const [known] = (await redis.hvals(`${home}hosts:told`)) as [string];
  const told = JSON.parse(known) as object;
  await redis.hset(
    `${home}hosts:told`,
    HOSTILE,
    JSON.stringify({ ...told, host: HOSTILE, machine: SCRIPT }),
  );
  const [time] = (await redis.time()) as [number | string, unknown];
  await redis.zadd(`${home}hosts`, Number(time) * 1_000, HOSTILE);
  redis.disconnect();
}

it.each(Object.entries(allViews(HOSTILE, ID)))('shows it as text: %s', async (_, fragment) => {
  visit.complaints.splice(0);

  await visit.open(fragment);
  await untilShown(visit);

  await visit.untilSeen(HOSTILE);
  const { page } = visit;
  expect(await page.locator('img[src="x"], main script, [href^="javascript:"]').count()).toBe(0);
  expect(visit.complaints).toEqual([]);
});

it('shows all of what a job says as text', async () => {
  await visit.open(allViews(HOSTILE, ID).job!);
  await untilShown(visit);

  for (const text of [SCRIPT, LINK, HOSTILE, ID]) await visit.untilSeen(text);
});

it('shows the name of a hostile host as text', async () => {
  await visit.open('#/hosts');
  await untilShown(visit);

  await visit.untilSeen(SCRIPT);
});

it('acts on the job that is meant, whatever its id looks like', async () => {
  visit.complaints.splice(0);
  await visit.open(allViews(HOSTILE, ID).job!);

  await visit.press('Remove…');
  await visit.answer('Remove');

  await app.untilGone(ID);
});
