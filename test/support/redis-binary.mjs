// Where a Redis server binary comes from: the PATH, else the private cache, else Debian packages
// unpacked into that cache. Nothing is installed system-wide and no root is needed.
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const cacheDir = join(
  process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
  'nestjs-agenda-redis',
);
const unpackedDir = join(cacheDir, 'redis');

/** The binary to start servers with, or nothing; the first call may download it. */
export function redisBinary() {
  return (
    binaryOnPath() ?? unpackedBinary() ?? (unpackDebianPackages() ? unpackedBinary() : undefined)
  );
}

/** The full path of an executable on the PATH, or nothing. */
export function which(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name))
    .find(isExecutable);
}

function binaryOnPath() {
  const file = which('redis-server') ?? which('valkey-server');
  return file && { file, env: {} };
}

function unpackedBinary() {
  const file = join(unpackedDir, 'usr/bin/redis-server');
  if (!isExecutable(file)) return undefined;
  const libraryDirs = ['usr/lib', 'lib']
    .map((dir) => join(unpackedDir, dir))
    .filter((dir) => existsSync(dir))
    .flatMap((dir) =>
      readdirSync(dir)
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => join(dir, name)),
    );
  return { file, env: { LD_LIBRARY_PATH: libraryDirs.join(delimiter) } };
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function unpackDebianPackages() {
  if (!which('apt-get') || !which('dpkg')) return false;
  mkdirSync(cacheDir, { recursive: true });
  // Two test runs may do this at once: each works in a folder of its own, the first rename wins.
  const workDir = mkdtempSync(join(cacheDir, 'unpack-'));
  try {
    const root = join(workDir, 'root');
    for (const deb of downloadPackages(workDir)) {
      execFileSync('dpkg', ['-x', deb, root], { stdio: 'pipe' });
    }
    // The server is redis-check-rdb under another name; package redis-server adds only that link.
    const server = join(root, 'usr/bin/redis-server');
    if (!existsSync(server)) symlinkSync('redis-check-rdb', server);
    if (!existsSync(unpackedDir)) renameSync(root, unpackedDir);
    return true;
  } catch (error) {
    if (unpackedBinary()) return true;
    const reason = error.stderr?.toString().trim() || error.message;
    console.warn(`redis for tests: unpacking Debian packages failed: ${reason.split('\n')[0]}`);
    return false;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function downloadPackages(workDir) {
  const apt = unprivilegedApt(workDir);
  apt('apt-get', 'update');
  // Read, not written down here: the names of the libraries change from release to release.
  const libraries = apt('apt-cache', 'depends', '--no-recommends', '--no-suggests', 'redis-tools')
    .split('\n')
    .map((line) => /^\s+Depends: ([a-z0-9][^<\s]*)$/.exec(line)?.[1])
    .filter((name) => name !== undefined && !['libc6', 'adduser'].includes(name));
  apt('apt-get', 'download', 'redis-tools', ...libraries);
  return readdirSync(workDir)
    .filter((file) => file.endsWith('.deb'))
    .map((file) => join(workDir, file));
}

/** Runs apt tools that keep their lists and caches in `workDir`, so that any user may. */
function unprivilegedApt(workDir) {
  const lists = join(workDir, 'lists');
  const cache = join(workDir, 'cache');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(join(cache, 'archives/partial'), { recursive: true });
  const settings = [
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${cache}`,
    'Dir::Cache::pkgcache=',
    'Dir::Cache::srcpkgcache=',
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
  ].flatMap((setting) => ['-o', setting]);
  return (tool, ...args) =>
    execFileSync(tool, ['-q', ...settings, ...args], {
      cwd: workDir,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
    });
}
