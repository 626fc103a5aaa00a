import { readFile } from 'node:fs/promises';
import { resolveDashboardOptions } from '../../lib/dashboard/dashboard-options.js';
import { CHANGE_ROUTES } from '../../lib/dashboard/openapi/routes.js';
import { codeOf } from '../support/page-code.js';
import { pagePrograms } from '../support/page-programs.js';

/** Around the blocks of the page: its modules in one application, with a job to be seen, and then the rest. */
const PROGRAM = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JobScheduler } from 'nestjs-agenda-redis';
import { AppModule } from './app.module.js';
import { audited, AuditedModule } from './audited.module.js';

@Module({ imports: [AppModule, AuditedModule] })
class AllModule {}

const app = await NestFactory.create(AllModule, { logger: false });
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
await app.get(JobScheduler).schedule('in 1 hour', 'send-welcome', { password: 'p' });
for (const path of ['admin/jobs/', 'admin/jobs/api/overview', 'audited/api/session']) {
  console.log(path, (await fetch(url + '/' + path)).status);
}
BLOCKS
const resume = { method: 'POST', headers, body: '{}' };
await fetch(url + '/audited/api/names/send-welcome/resume', resume);
console.log(audited.map(({ action, outcome, user }) => [action, outcome, user.username].join(' ')));
await app.close();
`;

const programs = pagePrograms();
let page: string;

beforeAll(async () => {
  page = await readFile('docs/dashboard.md', 'utf8');
});

it('shows a guard, modules and a script that work as they stand', async () => {
  const { files, rest } = codeOf(page);

  const child = await programs.start(PROGRAM.replace('BLOCKS', rest), files, {
    DASHBOARD_KEY: 'a-key-of-the-test',
  });
  const ended = await child.ended;

  expect({ ended, output: child.output }).toEqual({
    ended: 0,
    output: [
      'admin/jobs/ 401',
      'admin/jobs/api/overview 401',
      'audited/api/session 401',
      '{ changed: true }',
      "[ [ 'send-welcome', 'deploy 512', 'deploy' ] ]",
      "[ 'names/resume done deploy' ]",
      '',
    ].join('\n'),
  });
});

/** The first column of the table that begins with this head. */
const firstColumn = (head: string): string[] => {
  const [table] = page.slice(page.indexOf(head)).split('\n\n');
  return table!
    .split('\n')
    .slice(2)
    .map((row) => row.split('|')[1]!);
};

it('names every option, and no other', () => {
  const shown = firstColumn('| option |').map((cell) => cell.replaceAll(/[` ]/g, ''));

  expect(shown.sort()).toEqual(
    Object.keys({ ...resolveDashboardOptions({ public: true }), public: true }).sort(),
  );
});

it('names every change', () => {
  const shown = firstColumn('| `POST` |').join(' ');

  for (const { path } of CHANGE_ROUTES) expect(shown).toContain(path.split('/').at(-1));
});
