import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { AgendaDashboardOptions, AuditEntry } from '../../lib/dashboard/index.js';
import { PageClient, type Proof } from './page-client.js';
import { closeDashboards, PLATFORMS, startDashboard } from './support.js';

afterEach(closeDashboards);

const wordOf = (context: ExecutionContext): string | undefined =>
  context.switchToHttp().getRequest<{ headers: Proof }>().headers['x-test'];

describe.each(PLATFORMS)('the audit (%s)', (platform) => {
  async function startAudited(dashboard: Partial<AgendaDashboardOptions> = {}) {
    const entries: AuditEntry[] = [];
    const ann: CanActivate = {
      canActivate(context) {
        const word = wordOf(context);
        const request = context.switchToHttp().getRequest<{ user: unknown }>();
        if (word !== undefined) request.user = { username: word };
        return word !== undefined;
      },
    };
    const running = await startDashboard({
      platform,
      dashboard: { guards: [ann], audit: (entry) => void entries.push(entry), ...dashboard },
      agenda: { worker: false },
    });
    const page = await PageClient.open(running, { 'x-test': 'ann' });
    return { running, page, entries, scheduler: running.scheduler };
  }

  it('is told of each change that is made: which, of what, by whom, and how many', async () => {
    const { page, entries, scheduler } = await startAudited();
    const { id } = await scheduler.schedule('in 1 hour', 'mail', { secret: 'hidden-1' });
    const before = Date.now();

    await page.change(`api/jobs/${id}/update`, { data: { secret: 'hidden-2' } });
    await page.change('api/jobs/bulk', { action: 'disable', ids: [id, 'nobody'] });
    await page.change('api/names/mail/pause');
    await page.change('api/resume');
    await page.change('api/dead/purge', { names: ['mail'] });
    const added = await page.change<{ id: string }>('api/jobs', { name: 'mail', data: 'hidden-3' });

    const user = { username: 'ann' };
    const done = { user, instance: 'default', outcome: 'done', at: expect.any(Date) };
    expect(entries).toEqual([
      { ...done, action: 'jobs/update', targets: [id], changed: 1 },
      {
        ...done,
        action: 'jobs/disable',
        targets: [id, 'nobody'],
        changed: 1,
        message: expect.stringMatching(/^1 refused, such as nobody: There is no job nobody/),
      },
      { ...done, action: 'names/pause', targets: ['mail'], changed: 1 },
      { ...done, action: 'resume', targets: [], changed: 0 },
      { ...done, action: 'dead/purge', targets: ['mail'], changed: 0 },
      { ...done, action: 'jobs/add', targets: [added.id], changed: 1 },
    ]);
    expect(entries[0]!.at.getTime()).toBeGreaterThanOrEqual(before);
    expect(JSON.stringify(entries)).not.toMatch(/hidden/);
  });

  it('is told of what was refused, and why, without any data', async () => {
    const { page, entries, running } = await startAudited();

    await page.post('api/jobs/nobody/cancel');
    await page.post('api/jobs/nobody/cancel', { secret: 'hidden-1' });
    await page.postText('api/jobs/a/remove', '{}', { 'x-dashboard-token': '' });
    await page.post('api/jobs', { name: 'mail', priority: 'abc' });
    await running.fetch('api/jobs/a/remove', { method: 'POST' });

    const refused = { outcome: 'refused', changed: 0, user: { username: 'ann' } };
    expect(entries).toMatchObject([
      { ...refused, action: 'jobs/cancel', targets: ['nobody'], message: /There is no job nobody/ },
      { ...refused, action: 'jobs/cancel', message: /`body.secret`/ },
      { ...refused, action: 'jobs/remove', targets: ['a'], message: /token/ },
      { ...refused, action: 'jobs/add', targets: ['mail'], message: /`body.priority`/ },
    ]);
  });

  it('is told the same however the path is spelt', async () => {
    const { page, entries, scheduler } = await startAudited();
    const { id } = await scheduler.schedule('in 1 hour', 'mail');
    const spellings = {
      express: ['api/Jobs/BULK/', 'api/DEAD/purge/', 'api/pause/'],
      fastify: ['api/jobs/%62ulk', 'api/de%61d/purg%65', 'api/p%61use'],
    };
    const [bulk, purge, pause] = spellings[platform];

    await page.change(bulk!, { action: 'disable', ids: [id] });
    await page.change(purge!, { names: ['mail'] });
    await page.change(pause!);

    expect(entries).toMatchObject([
      { action: 'jobs/disable', targets: [id], changed: 1 },
      { action: 'dead/purge', targets: ['mail'] },
      { action: 'pause', targets: [] },
    ]);
  });

  it('is told when those refuse who judge changes alone', async () => {
    const { page, entries } = await startAudited({ changeGuards: [{ canActivate: () => false }] });

    await page.post('api/pause');

    expect(entries).toMatchObject([{ action: 'pause', outcome: 'refused' }]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('disk full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk full'))],
  ])('disturbs no change when it %s, and the log has what it missed', async (_, audit) => {
    const { page, running, scheduler } = await startAudited({ audit: audit as () => void });

    expect(await page.change('api/pause')).toEqual({ changed: true });

    expect(await scheduler.isPaused()).toBe(true);
    const lines = running.logger.lines.filter((line) => line.includes('[AgendaDashboard]'));
    expect(lines).toEqual([
      'error [AgendaDashboard] The option `audit` has failed: disk full',
      'log [AgendaDashboard] pause by ann (default): done, 1 changed',
    ]);
  });

  it('is a line of the log where there is none, which no name can break', async () => {
    const { page, running, scheduler } = await startAudited({ audit: undefined });
    const { id } = await scheduler.now('mail', { secret: 'hidden-1' }, { id: 'a\u2028b\u202ec' });
    const path = `api/jobs/${encodeURIComponent(id)}`;

    await page.change(`${path}/update`, { data: { secret: 'hidden-2' } });
    await page.post(`api/names/${encodeURIComponent('x\ny')}/pause`);

    const lines = running.logger.lines.filter((line) => line.includes('[AgendaDashboard]'));
    expect(lines).toEqual([
      'log [AgendaDashboard] jobs/update of a\\u2028b\\u202ec by ann (default): done, 1 changed',
      expect.stringMatching(
        /^warn \[AgendaDashboard\] names\/pause of x\\u000ay by ann \(default\): refused: The job's `name` must be free of control/,
      ),
    ]);
  });
});
