import { adding } from './bullmq-guide/adding.js';
import { events } from './bullmq-guide/events.js';
import { settingUp, working } from './bullmq-guide/handlers.js';
import { looking } from './bullmq-guide/looking-after.js';
import { cleanups, type Trial } from './bullmq-guide/stage.js';
import { verbs } from './bullmq-guide/verbs.js';
import { rowsOf } from './support/guide.js';

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const trials: Record<string, Trial> = {
  ...settingUp,
  ...adding,
  ...working,
  ...verbs,
  ...events,
  ...looking,
};
const rows = await rowsOf('docs/from-bullmq.md', '| BullMQ | here |');

it('tries every row of the guide', () => {
  expect(rows.map(({ there }) => there)).toEqual(Object.keys(trials));
});

// oxlint-disable-next-line jest/expect-expect -- the trial does
it.each(rows.map(({ there, here }) => [there, here]))('%s: %s', async (there, here) => {
  await trials[there]!(here);
});
