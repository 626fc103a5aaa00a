import type { DashboardApp } from './dashboard-app.js';

/** A shop in which each kind of job is to be seen. @returns the id of a dead letter with a history */
export async function fillWithLife(app: DashboardApp): Promise<string> {
  const { scheduler } = app;
  const dead = await app.meets('dies', 'charge-card', {
    order: 4711,
    customer: { name: 'Ann', tags: ['vip', 'eu'] },
    log: ['asking the bank', 'the bank says no'],
  });
  await Promise.all([
    app.meets('retries', 'charge-card', { error: 'the bank does not answer' }),
    app.meets('runs', 'render-video', {
      progress: 40,
      log: Array.from({ length: 12 }, (_, frame) => `frame ${frame} rendered`),
    }),
    ...Array.from({ length: 8 }, (_, n) =>
      app.meets('completes', 'send-mail', { to: `ann${n}@example.com`, result: { sent: true } }),
    ),
    scheduler.schedule(
      'in 2 hours',
      'send-mail',
      { to: 'bob@example.com' },
      { tags: ['newsletter'] },
    ),
    scheduler.now('import-orders', { file: 'orders-2026-11.csv' }),
    scheduler.now('import-orders', { file: 'orders-2026-12.csv' }, { priority: 'high' }),
    scheduler.every('0 7 * * 1-5', 'nightly-report', null, { timezone: 'Europe/Berlin' }),
    scheduler.every('2 hours', 'nightly-report', null, { key: 'stock', skipImmediate: true }),
    scheduler.pause('import-orders', { reason: 'the shop system is being moved', by: 'ann' }),
  ]);
  return dead;
}
