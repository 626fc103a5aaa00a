import { DashboardApp } from './support/dashboard-app.js';
import { BROWSER_START_MS, TestBrowser } from './support/test-browser.js';
import type { Visit } from './support/visit.js';

let browser: TestBrowser;
let app: DashboardApp;
let visit: Visit;

beforeAll(async () => {
  [browser, app] = await Promise.all([TestBrowser.start(), DashboardApp.start()]);
}, BROWSER_START_MS);
beforeEach(async () => {
  visit = await browser.visit(app.url);
});
afterEach(() => visit.leave());
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

const press = (key: string) => visit.page.keyboard.press(key);
const type = (text: string) => visit.page.keyboard.type(text);

/** Goes on with Tab until the focus is at what has this name; never if it cannot be reached. */
async function tabTo(name: string | RegExp): Promise<void> {
  for (let steps = 0; steps < 80; steps++) {
    await press('Tab');
    if (matches(await nameOfFocus(), name)) return;
  }
  throw new Error(`The keyboard does not reach ${name}.`);
}

const matches = (text: string, name: string | RegExp) =>
  typeof name === 'string' ? text === name : name.test(text);

function nameOfFocus(): Promise<string> {
  return visit.page.evaluate(`(() => {
    const { activeElement } = document;
    const label = activeElement.labels?.[0]?.textContent;
    return (activeElement.getAttribute('aria-label') ?? label ?? activeElement.textContent).trim();
  })()`);
}

it('requeues a dead letter with other data', async () => {
  const id = await app.meets('dies', 'charge-card');
  await visit.open('#/');

  await tabTo(/^Dead letters/);
  await press('Enter');
  await visit.page.getByRole('heading', { name: 'Dead letters', level: 1 }).waitFor();
  await visit.page.getByRole('link', { name: id }).waitFor();
  await tabTo(id);
  await press('Enter');
  await visit.page.getByRole('heading', { name: 'charge-card', level: 1 }).waitFor();
  await visit.page.getByRole('button', { name: 'Requeue…' }).waitFor();
  await tabTo('Requeue…');
  await press('Enter');
  await visit.dialog.waitFor();
  await tabTo('Data');
  await press('ControlOrMeta+a');
  await type('{ "fate": "completes" }');
  await tabTo('Requeue');
  await press('Enter');

  await app.untilJob(id, ({ state }) => state === 'completed');
});

it('gives the focus back when a dialog is left', async () => {
  const id = await app.meets('dies', 'charge-card');
  await visit.open(`#/jobs/${id}`);
  await visit.page.getByRole('button', { name: 'Requeue…' }).waitFor();
  await tabTo('Requeue…');
  await press('Enter');
  await visit.dialog.waitFor();

  await press('Escape');

  await visit.dialog.waitFor({ state: 'hidden' });
  expect(await nameOfFocus()).toBe('Requeue…');
});

it('pauses everything', async () => {
  await visit.open('#/');
  await visit.page.getByRole('button', { name: 'Pause everything' }).waitFor();
  await tabTo('Pause everything');
  await press('Enter');
  await visit.dialog.waitFor();
  await tabTo('Pause');
  await press('Enter');

  await visit.page.getByRole('button', { name: 'Resume everything' }).waitFor();
  expect(await app.scheduler.isPaused()).toBe(true);
  await app.scheduler.resume();
});

it('opens a job of a list, and selects another', async () => {
  const [first, second] = [
    await app.meets('dies', 'charge-card'),
    await app.meets('dies', 'charge-card'),
  ];
  await visit.open('#/jobs?state=dead&name=charge-card');
  await visit.page.getByText(first).waitFor();

  await press('j');
  await press('x');
  await visit.page
    .getByRole('toolbar', { name: 'Selected jobs' })
    .getByText('1 selected')
    .waitFor();
  await press('j');
  await press('Enter');

  await visit.page.getByRole('button', { name: 'Requeue…' }).waitFor();
  expect([first, second]).toContain(new URL(visit.page.url()).hash.slice('#/jobs/'.length));
});

it('skips the navigation', async () => {
  await visit.open('#/');

  await tabTo('Skip to content');
  await press('Enter');

  expect(await visit.page.evaluate('document.activeElement.id')).toBe('main');
});
