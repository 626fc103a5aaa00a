import { until } from '../../nest/support.js';
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
afterEach(async () => {
  expect(visit.complaints).toEqual([]);
  await app.scheduler.resume();
  await app.scheduler.cancelAll();
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
});

const reason = 'Reason, for those who find it paused';

it('pauses and resumes everything', async () => {
  await visit.open('#/');

  await visit.press('Pause everything');
  await visit.answer('Pause', { [reason]: 'the bank is down' });

  await until(() => app.scheduler.isPaused());
  expect((await app.scheduler.pauses()).all?.reason).toBe('the bank is down');
  await visit.press('Resume everything');
  await until(async () => !(await app.scheduler.isPaused()));
});

it('pauses and resumes one name', async () => {
  await app.scheduler.now('import-orders');
  await visit.open('#/names/import-orders');

  await visit.press('Pause import-orders');
  await visit.answer('Pause', { [reason]: 'the file is broken' });

  await until(() => app.scheduler.isPaused('import-orders'));
  expect(await app.scheduler.isPaused('send-mail')).toBe(false);
  await visit.press('Resume import-orders');
  await until(async () => !(await app.scheduler.isPaused('import-orders')));
});

it('adds a job, and shows it', async () => {
  await visit.open('#/jobs');

  await visit.press('Add a job');
  await visit.answer('Add', {
    Name: 'send-mail',
    Data: '{ "to": "ann@example.com", "result": "sent" }',
    Priority: '10',
  });

  const [job] = (await app.scheduler.queryJobs({ name: 'send-mail' })).jobs;
  await app.untilJob(job!.id, ({ state, job }) => state === 'completed' && job.result === 'sent');
  await visit.page.waitForURL(`**#/jobs/${encodeURIComponent(job!.id)}`);
});

describe('selected jobs', () => {
  /** In the list of a state, all of it. */
  async function select(state: string): Promise<void> {
    await visit.open(`#/jobs?state=${state}`);
    await visit.page.getByRole('checkbox', { name: 'Select all on this page' }).check();
  }
  const bar = () => visit.page.getByRole('toolbar', { name: 'Selected jobs' });
  const waiting = () =>
    Promise.all([1, 2, 3].map(() => app.scheduler.schedule('in 1 hour', 'send-mail')));

  it('are requeued', async () => {
    const ids = await Promise.all([1, 2].map(() => app.meets('dies', 'charge-card')));
    await select('dead');

    await visit.press('Requeue', bar());

    await Promise.all(ids.map((id) => app.untilJob(id, ({ history }) => history.length === 3)));
  });

  it('run now', async () => {
    const jobs = await waiting();
    await select('scheduled');

    await visit.press('Run now', bar());

    await Promise.all(jobs.map(({ id }) => app.untilJob(id, ({ state }) => state === 'completed')));
  });

  it('are disabled and enabled', async () => {
    const jobs = await waiting();
    await select('scheduled');

    await visit.press('Disable', bar());
    await Promise.all(jobs.map(({ id }) => app.untilJob(id, ({ job }) => job.disabled)));

    await select('paused');
    await visit.press('Enable', bar());
    await Promise.all(jobs.map(({ id }) => app.untilJob(id, ({ job }) => !job.disabled)));
  });

  it.each([
    ['are cancelled', 'Cancel'],
    ['are removed', 'Remove'],
  ])('%s', async (_, verb) => {
    const jobs = await waiting();
    await select('scheduled');

    await visit.press(verb, bar());
    await visit.answer(`${verb} jobs`);

    await Promise.all(jobs.map(({ id }) => app.untilGone(id)));
  });
});

describe('dead letters', () => {
  it('are requeued, those of one name', async () => {
    const [paid] = await Promise.all([
      app.meets('dies', 'charge-card'),
      app.meets('dies', 'send-mail'),
    ]);
    await visit.open('#/dead?name=charge-card');

    await visit.press('Requeue these…');
    await visit.answer('Requeue');

    await app.untilJob(paid, ({ history }) => history.length === 3);
    expect((await app.counts('send-mail')).failed).toBe(1);
  });

  it('are purged', async () => {
    await Promise.all([app.meets('dies', 'charge-card'), app.meets('dies', 'send-mail')]);
    await visit.open('#/dead');

    await visit.press('Purge all…');
    await visit.answer('Purge');

    await until(async () => (await app.scheduler.total()).total === 0);
  });

  it('are requeued one by one, with other data', async () => {
    const id = await app.meets('dies', 'charge-card');
    await visit.open('#/dead');

    await visit.press(`Requeue… ${id}`);
    await visit.answer('Requeue', { Data: '{ "fate": "completes" }' });

    await app.untilJob(id, ({ state }) => state === 'completed');
  });
});

it('disables, enables and changes a schedule', async () => {
  const { id } = await app.scheduler.every('0 2 * * *', 'nightly-report');
  await visit.open('#/schedules');

  await visit.press('Disable: nightly-report');
  await app.untilJob(id, ({ job }) => job.disabled);
  await visit.press('Enable: nightly-report');
  await app.untilJob(id, ({ job }) => !job.disabled);
  await visit.press('Change… nightly-report');
  await visit.answer('Save', { 'Interval or cron rule': '0 3 * * *' });

  await app.untilJob(id, ({ job }) => job.repeatInterval === '0 3 * * *');
});

it('cancels the job of a lease', async () => {
  const id = await app.meets('runs', 'render-video');
  await visit.open('#/hosts');

  await visit.press(`Cancel… ${id}`);
  await visit.answer('Cancel the job');

  await app.untilGone(id);
});
