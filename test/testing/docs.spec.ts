import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { codeOf } from '../support/page-code.js';

/** What Jest and Vitest have as globals, on the test runner of Node. */
const GLOBALS = `
import { afterEach, beforeEach, it } from 'node:test';
import { expect } from 'expect';
Object.assign(globalThis, { afterEach, beforeEach, it, expect });
`;

let compiled: CompiledPackage;

beforeAll(async () => {
  compiled = await compilePackage();
  const { files, rest } = codeOf(await readFile('docs/testing.md', 'utf8'));
  for (const { name, code } of files) {
    await compiled.add(name, name === 'sign-up.spec.ts' ? code + rest : code);
  }
  await writeFile(join(compiled.dir, 'globals.mjs'), GLOBALS);
});
afterAll(() => compiled.remove());

/** The lines of the report: `ok 1 - name`, or `not ok …`, and all else that was printed. */
function run(file: string, environment: Record<string, string>): Promise<string> {
  const args = ['--import', 'reflect-metadata', '--import', './globals.mjs', file];
  const env = { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', ...environment };
  return new Promise((resolve) => {
    const options = { cwd: compiled.dir, env };
    execFile(process.execPath, ['--test-reporter=tap', ...args], options, (_, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

const numberOf = (word: string, output: string): number =>
  Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1]);

it.each([
  ['in memory', {}],
  ['on a real Redis', { REDIS_URL_OF_TESTS: process.env.TEST_REDIS_URL! }],
])('shows specs that pass as they stand, with the test runner of Node (%s)', async (_, where) => {
  const [signUp, app] = await Promise.all([
    run('sign-up.spec.js', where),
    run('app.spec.js', where),
  ]);

  expect(signUp).not.toMatch(/^\s*not ok/m);
  expect({ pass: numberOf('pass', signUp), fail: numberOf('fail', signUp) }).toEqual({
    pass: 9,
    fail: 0,
  });
  expect({ pass: numberOf('pass', app), fail: numberOf('fail', app) }).toEqual({
    pass: 1,
    fail: 0,
  });
});
