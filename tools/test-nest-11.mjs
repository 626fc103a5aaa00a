// `npm run test:nest-11 [-- options of Jest]`: the tests that are about Nest, on the older of its two supported majors,
// which is installed into a folder of its own. So what of Nest is no documented API (lib/nest/pipeline/pins.ts, the
// order of hooks) is tried on both. Processes that tests start run on the Nest of this folder.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NEST_11 = ['common', 'core', 'platform-express', 'testing', 'terminus']
  .map((name) => `@nestjs/${name}@11`)
  .concat('@nestjs/config@4');

const dir = mkdtempSync(join(tmpdir(), 'nest-11-'));
try {
  writeFileSync(join(dir, 'package.json'), '{ "private": true }');
  writeFileSync(join(dir, 'jest.config.mjs'), config());
  process.exitCode =
    run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', ...NEST_11], dir) ||
    run(process.execPath, ['--experimental-vm-modules', ...jest()], root);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function jest() {
  const warnings = ['ExperimentalWarning', 'persistence-off'];
  return [
    ...warnings.map((name) => `--disable-warning=${name}`),
    'node_modules/jest/bin/jest.js',
    ...['--config', join(dir, 'jest.config.mjs'), ...process.argv.slice(2)],
  ];
}

/** Ours, but for where Nest is found; what Nest itself takes from elsewhere must be what the tests take. */
function config() {
  const modules = join(root, 'node_modules');
  const mapped = {
    '^(@nestjs/.*)$': `${join(dir, 'node_modules')}/$1`,
    '^((reflect-metadata|rxjs|class-validator|class-transformer)(/.*)?)$': `${modules}/$1`,
  };
  return `
import base from ${JSON.stringify(new URL('../jest.config.js', import.meta.url).href)};
export default {
  ...base,
  rootDir: ${JSON.stringify(root)},
  testMatch: ['<rootDir>/test/nest/**/*.spec.ts', '<rootDir>/test/health/**/*.spec.ts'],
  moduleNameMapper: { ...base.moduleNameMapper, ...${JSON.stringify(mapped)} },
};
`;
}

/** @returns its status */
function run(command, args, cwd) {
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', shell });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}
