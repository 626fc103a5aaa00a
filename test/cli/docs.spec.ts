import { readFileSync } from 'node:fs';
import { COMMANDS } from '../../lib/cli/command-table.js';
import { NonRetryableError } from '../../lib/core/errors.js';
import { until } from '../redis/support.js';
import { openTestStore, type TestStore } from './support.js';

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const PROGRAM = 'npx nestjs-agenda-redis ';
const examples = [...page.matchAll(/^```bash\n(.*?)^```$/gms)]
  .flatMap(([, block]) => block!.trim().split('\n'))
  .map((line) => line.slice(PROGRAM.length));

/** As a shell does with words and single quotes. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

let store: TestStore;

beforeAll(async () => {
  store = await openTestStore();
  const { handlers, scheduler, workerHost } = store.engine;
  handlers.define('charge-card', () => Promise.reject(new NonRetryableError('no funds')));
  for (const id of ['charge-7', 'charge-8']) await scheduler.now('charge-card', {}, { id });
  await scheduler.every('0 2 * * *', 'nightly');
  await workerHost.start();
  await until(async () => (await scheduler.total()).dead === 2);
});

afterAll(() => store?.close());

// They build on each other, from the first to the last.
it.each(examples)('runs the example: %s', async (line) => {
  const { code, err } = await store.run(...wordsOf(line));

  // Nothing was found where the page only shows how it would be asked for.
  expect({ code: code === 3 ? 0 : code, err }).toMatchObject({ code: 0 });
});

it.each(Object.keys(COMMANDS))('names %s', (name) => {
  expect(page).toMatch(new RegExp(`\`${name}\\b|redis ${name}\\b`));
});
