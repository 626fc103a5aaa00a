// The package as npm would publish it: the tarball that was given, or one that is packed for the purpose.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Gives the work a folder of its own, which is removed at the end of the process, and the tarball of this command line. */
export async function withTarball(work) {
  const dir = mkdtempSync(join(tmpdir(), 'package-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  try {
    await work(dir, process.argv[2] ? resolve(process.argv[2]) : packedInto(dir));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** @throws an error that names the command, unless it succeeds */
export function run(command, ...args) {
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: failed`);
}

function packedInto(dir) {
  run('npm', 'pack', '--pack-destination', dir);
  return join(dir, readdirSync(dir)[0]);
}
