// Packs the package as npm would publish it and checks the tarball: files, exports and types.
// Packed into a folder of its own, because `attw --pack` deletes the tarball it finds in this one.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dir = mkdtempSync(join(tmpdir(), 'package-'));
try {
  run('npm', 'pack', '--pack-destination', dir);
  const tarball = join(dir, readdirSync(dir)[0]);
  run('npx', 'publint', 'run', tarball, '--strict');
  // ESM only: CommonJS loads it through require(esm), which is what this rule warns about.
  run('npx', 'attw', tarball, '--ignore-rules', 'cjs-resolves-to-esm');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function run(command, ...args) {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: failed`);
}
