import { mkdir } from 'node:fs/promises';
import { DashboardApp } from '../browser/support/dashboard-app.js';
import { BROWSER_START_MS, TestBrowser } from '../browser/support/test-browser.js';
import { allViews, untilShown } from '../browser/support/views.js';
import { addPastHour } from './past-hour.js';
import { openShop, Shop } from './shop.js';

/*
 * `npm run screenshots`: a picture of each view on a desk and on a phone, in light and dark, for people to look at.
 * They lie in docs/images/dashboard; those that the README shows are committed, the others ignored.
 */

const FOLDER = 'docs/images/dashboard';
const SCREENS = {
  desk: { viewport: { width: 1280, height: 860 } },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
};

let browser: TestBrowser;
let app: DashboardApp;
let fragments: Record<string, string>;

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  [browser, app] = await Promise.all([TestBrowser.start(), DashboardApp.start({ handlers: Shop })]);
  const id = await openShop(app);
  await addPastHour(app);
  fragments = allViews('charge-card', id);
}, BROWSER_START_MS);
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

describe.each(Object.entries(SCREENS))('on a %s', (screen, size) => {
  it.each(['light', 'dark'] as const)(
    'in %s colours',
    async (colorScheme) => {
      const visit = await browser.visit(app.url, { ...size, colorScheme });
      for (const [view, fragment] of Object.entries(fragments)) {
        await visit.open(fragment);
        await untilShown(visit);
        await visit.page.getByText('Live', { exact: true }).waitFor({ state: 'attached' });
        const path = `${FOLDER}/${view}-${screen}-${colorScheme}.png`;
        await visit.page.screenshot({ path });
      }
      await visit.open(fragments.job!);
      await visit.press('Requeue…');
      await visit.dialog.waitFor();
      await visit.page.screenshot({ path: `${FOLDER}/requeue-${screen}-${colorScheme}.png` });
      expect(visit.complaints).toEqual([]);
      await visit.leave();
    },
    120_000,
  );
});
