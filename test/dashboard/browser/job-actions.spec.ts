import { DashboardApp } from './support/dashboard-app.js';
import { BROWSER_START_MS, TestBrowser } from './support/test-browser.js';
import type { Visit } from './support/visit.js';

let browser: TestBrowser;
let app: DashboardApp;
let visit: Visit;

beforeAll(async () => {
  [browser, app] = await Promise.all([TestBrowser.start(), DashboardApp.start()]);
  visit = await browser.visit(app.url);
}, BROWSER_START_MS);
beforeEach(() => visit.complaints.splice(0));
afterEach(() => {
  expect(visit.complaints).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

const show = (id: string) => visit.open(`#/jobs/${encodeURIComponent(id)}`);

it('requeues a dead letter', async () => {
  const id = await app.meets('dies', 'charge-card');
  await show(id);

  await visit.press('Requeue…');
  await visit.answer('Requeue');

  await app.untilJob(id, ({ history }) => history.at(-1)?.attempt === 1 && history.length === 3);
});

it('requeues a dead letter with other data', async () => {
  const id = await app.meets('dies', 'charge-card');
  await show(id);

  await visit.press('Requeue…');
  await visit.answer('Requeue', { Data: '{ "fate": "completes", "result": "paid" }' });

  await app.untilJob(id, ({ state, job }) => state === 'completed' && job.result === 'paid');
});

it('says where edited data is no JSON, and sends nothing', async () => {
  const id = await app.meets('dies', 'charge-card');
  await show(id);

  await visit.press('Requeue…');
  await visit.dialog.getByLabel('Data', { exact: true }).fill('{ "fate": }');
  await visit.press('Requeue', visit.dialog);

  await visit.dialog.getByText(/^Line 1, column 11/).waitFor();
  await visit.press('Cancel', visit.dialog);
  expect((await app.scheduler.inspect(id))?.deadReason).toBe('unrecoverable');
});

it('runs at once what waits', async () => {
  const { id } = await app.scheduler.schedule('in 1 hour', 'send-mail', { result: 'sent' });
  await show(id);

  await visit.press('Run now');

  await app.untilJob(id, ({ state }) => state === 'completed');
});

it('cancels a job that runs', async () => {
  const id = await app.meets('runs', 'render-video');
  await show(id);

  await visit.press('Cancel…');
  await visit.answer('Cancel the job', { Reason: 'wrong film' });

  await app.untilGone(id);
});

it('disables a job that waits, and enables it again', async () => {
  const { id } = await app.scheduler.schedule('in 1 hour', 'send-mail');
  await show(id);

  await visit.press('Disable');
  await app.untilJob(id, ({ job }) => job.disabled);
  await visit.press('Enable');
  await app.untilJob(id, ({ job }) => !job.disabled);
});

it('removes a job that has ended', async () => {
  const id = await app.meets('completes', 'send-mail');
  await show(id);

  await visit.press('Remove…');
  await visit.answer('Remove');

  await app.untilGone(id);
});

it('adds another job like one that has ended, and shows it', async () => {
  const id = await app.meets('completes', 'send-mail', { result: 'once more' });
  await show(id);

  await visit.press('Run again');

  await visit.page.waitForURL((url) => !url.hash.includes(id) && url.hash.startsWith('#/jobs/'));
  const another = decodeURIComponent(new URL(visit.page.url()).hash.slice('#/jobs/'.length));
  await app.untilJob(another, ({ job }) => job.result === 'once more');
});

it('changes the data and the priority of a job that waits', async () => {
  const { id } = await app.scheduler.schedule('in 1 hour', 'send-mail', { to: 'ann' });
  await show(id);

  await visit.press('Edit…');
  await visit.answer('Save', { Data: '{ "to": "bob" }', Priority: '10' });

  await app.untilJob(id, ({ job }) => job.attrs.priority === 10);
  expect((await app.scheduler.get(id))?.data).toEqual({ to: 'bob' });
});

it('gives a job that waits another time', async () => {
  const { id } = await app.scheduler.schedule('in 1 hour', 'send-mail');
  await show(id);

  await visit.press('Reschedule…');
  await visit.answer('Reschedule', { 'Run at': '2050-01-02T03:04:05Z' });

  const expected = Date.parse('2050-01-02T03:04:05Z');
  await app.untilJob(id, ({ job }) => job.nextRunAt?.getTime() === expected);
});

it('gives a recurring job another rule', async () => {
  const { id } = await app.scheduler.every('0 2 * * *', 'nightly-report', null, {
    timezone: 'Europe/Berlin',
  });
  await show(id);

  await visit.press('Change schedule…');
  await visit.answer('Save', { 'Interval or cron rule': '30 4 * * *', 'Time zone': 'Asia/Tokyo' });

  await app.untilJob(id, ({ job }) => job.repeatInterval === '30 4 * * *');
  expect((await app.scheduler.get(id))?.repeatTimezone).toBe('Asia/Tokyo');
});

it('tells why something is refused, and changes nothing', async () => {
  const { id } = await app.scheduler.schedule('in 1 hour', 'send-mail');
  const { job } = (await app.scheduler.inspect(id))!;
  await show(id);

  await visit.press('Reschedule…');
  await visit.dialog.getByLabel('Run at', { exact: true }).fill('when it suits');
  await visit.press('Reschedule', visit.dialog);

  await visit.dialog.getByRole('alert').filter({ hasText: 'when it suits' }).waitFor();
  // The browser tells the developer of each answer that is no success.
  expect(visit.complaints.splice(0)).toEqual([expect.stringContaining('400 (Bad Request)')]);
  await visit.press('Cancel', visit.dialog);
  expect((await app.scheduler.get(id))?.nextRunAt).toEqual(job.nextRunAt);
});
