import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, Result } from 'axe-core';
import { DashboardApp } from './support/dashboard-app.js';
import { fillWithLife } from './support/life.js';
import { BROWSER_START_MS, TestBrowser } from './support/test-browser.js';
import { allViews, untilShown } from './support/views.js';
import type { Visit } from './support/visit.js';

const NOT_GOOD_ENOUGH = ['serious', 'critical'];
const VIEWS = Object.keys(allViews('', ''));

let browser: TestBrowser;
let app: DashboardApp;
let fragments: Record<string, string>;
let axe: string;

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  [browser, app] = await Promise.all([TestBrowser.start(), DashboardApp.start()]);
  fragments = allViews('charge-card', await fillWithLife(app));
}, BROWSER_START_MS);
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  let visit: Visit;
  beforeAll(async () => {
    visit = await browser.visit(app.url, { colorScheme });
    // By the protocol of the browser's tools: the policy of the page stays in force.
    await visit.page.evaluate(axe);
  });
  afterAll(() => visit.leave());

  it.each(VIEWS)('can be read by everybody: %s', async (view) => {
    await visit.open(fragments[view]!);
    await untilShown(visit);

    expect(await faults(visit)).toEqual([]);
  });

  it('can be read by everybody: a dialog', async () => {
    await visit.open(fragments.job!);
    await visit.press('Requeue…');
    await visit.dialog.waitFor();

    expect(await faults(visit)).toEqual([]);
    await visit.page.keyboard.press('Escape');
  });
});

async function faults({ page }: Visit): Promise<string[]> {
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations
    .filter(({ impact }) => NOT_GOOD_ENOUGH.includes(impact ?? ''))
    .flatMap(({ id, help, nodes }: Result) =>
      nodes.map(({ html, failureSummary }) => `${id}, ${help}: ${html} ${failureSummary}`),
    );
}

describe('on a phone', () => {
  let visit: Visit;
  beforeAll(async () => {
    visit = await browser.visit(app.url, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
  });
  afterAll(() => visit.leave());

  it.each(VIEWS)('needs no scrolling sideways: %s', async (view) => {
    await visit.open(fragments[view]!);
    await untilShown(visit);

    expect(await visit.page.evaluate(WIDER_THAN_THE_PAGE)).toEqual([]);
  });

  it('needs none in a dialog either', async () => {
    await visit.open(fragments.job!);
    await visit.press('Requeue…');
    await visit.dialog.waitFor();

    expect(await visit.page.evaluate(WIDER_THAN_THE_PAGE)).toEqual([]);
  });
});

/** What sticks out, but for what has a scroll bar of its own, such as a line of code. */
const WIDER_THAN_THE_PAGE = `(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width && innerWidth === 360) return [];
  const scrolls = (element) => element && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
  return [innerWidth, ...[...document.querySelectorAll('body *')]
    .filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element.parentElement))
    .map((element) => element.outerHTML.slice(0, 200))];
})()`;
