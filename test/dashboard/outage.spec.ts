import type { AuditEntry, BulkAnswer } from '../../lib/dashboard/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { PageClient } from './page-client.js';
import { atEnd, closeDashboards, startDashboard } from './support.js';

afterEach(closeDashboards);

it('tells of changes that were not made while Redis is away, and tries none of many in vain', async () => {
  const redis = await startPrivateRedis();
  atEnd(() => redis.stop());
  const entries: AuditEntry[] = [];
  const dashboard = await startDashboard({
    backend: new RedisBackend({ connectionString: redis.url, retryFor: 200 }),
    agenda: { worker: false },
    dashboard: { public: true, audit: (entry) => void entries.push(entry) },
  });
  const page = await PageClient.open(dashboard);
  const jobs = Array.from({ length: 50 }, () => ({ name: 'mail' }));
  const { jobs: added } = await dashboard.scheduler.enqueueMany(jobs);
  const ids = added.map(({ id }) => id);
  await redis.kill();

  const one = await page.post(`api/jobs/${ids[0]}/promote`);
  const many = await page.change<BulkAnswer>('api/jobs/bulk', { action: 'cancel', ids });

  expect(one).toMatchObject({ status: 503, body: { error: 'ConnectionError' } });
  expect(many.done).toBe(0);
  expect(many.refused.map(({ id }) => id)).toEqual(ids);
  const untried = many.refused.filter(({ why }) => why.startsWith('Not tried: '));
  expect(untried.map(({ id }) => id)).toEqual(ids.slice(20));
  expect(entries).toMatchObject([
    { action: 'jobs/promote', outcome: 'failed', changed: 0, targets: [ids[0]] },
    { action: 'jobs/cancel', outcome: 'failed', changed: 0, targets: ids },
  ]);
});
