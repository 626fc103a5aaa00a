import { readFile } from 'node:fs/promises';
import { pagePrograms } from '../support/page-programs.js';

const programs = pagePrograms();

it('shows how Agenda takes our backend, in a program that runs as it stands', async () => {
  const guide = await readFile('docs/agenda.md', 'utf8');
  const [, source] = /```ts\n\/\/ drop-in\.ts\n([^]*?)```/.exec(guide)!;

  const child = await programs.start(source!);

  const [, whom] = await child.prints(/to (\S+@example\.com)/);
  expect(whom).toBe('ann@example.com');
});
