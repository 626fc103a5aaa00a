import { setTimeout as wait } from 'node:timers/promises';
import { repeated } from './support/fact-book.js';
import { isLong, print, Stage } from './support/stage.js';
import { backToPaceAfter } from './support/throughput.js';

const leaseMs = isLong ? 5_000 : 2_000;
const outageMs = isLong ? 15_000 : 4_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open({ appendonly: true, appendfsync: 'always' });
});
afterEach(() => stage.close());

it('repeats nothing that ended while Redis was away for longer than a lease, and is soon at its old pace', async () => {
  const engine = { lease: leaseMs };
  const crew = [await stage.worker({ engine }), await stage.worker({ engine })];
  const producers = [await stage.producer({ data: { ms: 20 } })];
  const longJobs = await stage.add(10, { ms: outageMs - 500 });
  await stage.untilCompleted(150);

  const killedAt = Date.now();
  await stage.redis.kill('SIGKILL');
  await wait(outageMs);
  await stage.redis.restart();
  const backAt = Date.now();
  await wait(1_000);
  await stage.endAll(producers);
  const added = [...(await stage.facts.ids('added')), ...longJobs];
  await stage.untilAllCompleted();
  await stage.endAll(crew);

  const completed = await stage.facts.of('completed');
  const backToPaceMs = backToPaceAfter(completed, killedAt, backAt);
  const refused = await stage.facts.of('refused');
  const starts = await stage.facts.byId('started');
  print(`Redis away for ${outageMs} ms`, { added: added.length, backToPaceMs });
  expect(backToPaceMs).toBeLessThanOrEqual(1_500);
  // Only the long form is longer than calls go on trying.
  expect([...new Set(refused.map(({ why }) => why))]).toEqual(isLong ? ['ConnectionError'] : []);
  expect(added.filter((id) => !starts.has(id))).toEqual([]);
  expect(repeated(starts)).toEqual([]);
  expect(repeated(await stage.facts.byId('completed'))).toEqual([]);
  expect(await stage.facts.of('failed')).toEqual([]);
  const { total } = await stage.counts();
  expect(total).toBeGreaterThanOrEqual(added.length);
  expect(total).toBeLessThanOrEqual(added.length + refused.length);
  expect(await stage.violations()).toEqual([]);
  expect(stage.troubles()).toEqual([]);
});
