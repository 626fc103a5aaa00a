import { jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../redis/support.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { openTestStore, type TestStore } from './support.js';

/*
 * The program as a process of its own: what its surroundings see of it.
 */

jest.setTimeout(60_000);

let compiled: CompiledPackage;
let store: TestStore;

beforeAll(async () => {
  compiled = await compilePackage();
  store = await openTestStore();
});

afterAll(async () => {
  await store?.close();
  await compiled?.remove();
});

interface Program {
  readonly child: ChildProcess;
  out: string;
  err: string;
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

function start(...args: string[]): Program {
  const child = spawn(process.execPath, [join(compiled.dir, 'lib/cli/main.js'), ...args], {
    env: { PATH: process.env.PATH, REDIS_URL: process.env.TEST_REDIS_URL },
  });
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number);
  const program: Program = { child, out: '', err: '', ended };
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (program.out += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (program.err += text));
  return program;
}

const here = (...args: string[]): Program => start(...args, '--prefix', store.keyPrefix);

it.each([
  [0, ['counts']],
  [1, ['counts', '--url', 'redis://127.0.0.1:1']],
  [2, ['counts', '--unknown']],
  [3, ['show', 'none']],
])('ends by itself with the exit code %i', async (code, args) => {
  expect(await here(...args).ended).toBe(code);
});

it('keeps answers and words for people apart', async () => {
  const program = here('enqueue', 'mail', '--id', 'one');
  await program.ended;

  expect(program.out).toBe('one\n');
  expect(program.err).toMatch(/^Added, due at [-\d: ]+\.\n$/);
});

it('reads data from the standard input', async () => {
  const program = here('enqueue', 'mail', '--id', 'piped', '--data', '-');
  program.child.stdin!.end('{"to": "ada"}');

  expect(await program.ended).toBe(0);
  expect(await store.engine.scheduler.get('piped')).toMatchObject({ data: { to: 'ada' } });
});

it('has no colours in a pipe', async () => {
  const program = here('top');
  await program.ended;

  expect(program.out).toContain('LATENCY');
  expect(program.out).not.toContain('\u001b');
});

it('ends quietly when the reader of its answer has gone', async () => {
  const program = here('list');
  program.child.stdout!.destroy();

  expect(await program.ended).toBe(0);
  expect(program.err).toBe('');
});

it('tells a failure also when nobody reads its errors', async () => {
  const program = here('counts', '--url', 'redis://127.0.0.1:1');
  program.child.stderr!.destroy();

  expect(await program.ended).toBe(1);
});

it('does not wait for the standard input after Ctrl-C', async () => {
  const program = here('enqueue', 'mail', '--id', 'never', '--data', '-');
  // More than the pipe holds: what is taken was read.
  await new Promise((taken) => program.child.stdin!.write('1'.repeat(4_000_000), taken));

  program.child.kill('SIGINT');

  expect(await program.ended).toBe(130);
  expect(await store.engine.scheduler.get('never')).toBeUndefined();
});

it('ends at Ctrl-C, and closes what it has opened', async () => {
  await store.engine.scheduler.schedule('in 1 hour', 'mail', {}, { id: 'later' });
  const program = here('show', 'later', '--follow');
  await until(async () => program.out.includes('later'));

  program.child.kill('SIGINT');

  expect(await program.ended).toBe(130);
  expect(program.err).toBe('');
});
