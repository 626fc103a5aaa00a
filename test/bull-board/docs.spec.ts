import { readFile } from 'node:fs/promises';
import { codeOf } from '../support/page-code.js';
import { pagePrograms } from '../support/page-programs.js';

/** Around the blocks of the page. */
const PROGRAM = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgendaRedisModule, JobScheduler } from 'nestjs-agenda-redis';

@Module({ imports: [AgendaRedisModule.forRoot({ worker: false })] })
class PageModule {}

const app = await NestFactory.create(PageModule, { logger: false });
BLOCKS
await app.listen(0, '127.0.0.1');
for (const name of ['send-welcome', 'bill']) await app.get(JobScheduler).now(name);
const answer = await fetch(\`\${await app.getUrl()}/board/api/queues\`);
for (const { name, displayName, counts, readOnlyMode } of (await answer.json()).queues) {
  console.log(name, displayName, counts.waiting, readOnlyMode);
}
const page = await (await fetch(\`\${await app.getUrl()}/board\`)).text();
console.log(/<title>.*Dashboard/.test(page) ? 'page' : page);
await app.close();
`;

const programs = pagePrograms();

it('shows blocks that are one program as they stand', async () => {
  const { rest } = codeOf(await readFile('docs/bull-board.md', 'utf8'));

  const child = await programs.start(PROGRAM.replace('BLOCKS', rest));
  const ended = await child.ended;

  expect({ ended, output: child.output }).toMatchObject({ ended: 0 });
  for (const line of [/^send-welcome Welcome mail 1 true$/, /^bill undefined 1 false$/, /^page$/]) {
    expect(child.output).toMatch(new RegExp(line, 'm'));
  }
});
