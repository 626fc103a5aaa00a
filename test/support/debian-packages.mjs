// Debian packages, unpacked into a private cache. Nothing is installed system-wide and no root is
// needed.
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
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Root's home is closed to other users, and some servers run only as one of those. */
const cacheDir = join(
  process.env.XDG_CACHE_HOME ||
    (process.getuid?.() === 0 ? '/var/cache' : join(homedir(), '.cache')),
  'nestjs-agenda-redis',
);

/** Where packages of that cache name are, once they are unpacked. */
export const unpackedDir = (name) => join(cacheDir, name);

/**
 * Unpacks packages under a name of the cache; false when that cannot be done here.
 *
 * @param packagesOf names the packages, with what their programs need; it may ask apt
 * @param finish does the rest in the folder they were unpacked to
 */
export function unpackDebianPackages(name, packagesOf, finish = () => {}) {
  if (!which('apt-get') || !which('dpkg')) return false;
  mkdirSync(cacheDir, { recursive: true });
  // Two test runs may do this at once: each works in a folder of its own, the first rename wins.
  const workDir = mkdtempSync(join(cacheDir, 'unpack-'));
  try {
    const root = join(workDir, 'root');
    for (const deb of download(workDir, packagesOf)) {
      execFileSync('dpkg', ['-x', deb, root], { stdio: 'pipe' });
    }
    finish(root);
    if (!existsSync(unpackedDir(name))) renameSync(root, unpackedDir(name));
    return true;
  } catch (error) {
    if (existsSync(unpackedDir(name))) return true;
    const reason = error.stderr?.toString().trim() || error.message;
    console.warn(`${name} for tests: unpacking Debian packages failed: ${reason.split('\n')[0]}`);
    return false;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

/** Environment variables with which an unpacked program finds its libraries. */
export function libraryPath(name) {
  const libraryDirs = ['usr/lib', 'lib']
    .map((dir) => join(unpackedDir(name), dir))
    .filter((dir) => existsSync(dir))
    .flatMap((dir) =>
      readdirSync(dir)
        .filter((entry) => entry.endsWith('-linux-gnu'))
        .map((entry) => join(dir, entry)),
    );
  return { LD_LIBRARY_PATH: libraryDirs.join(delimiter) };
}

/** The full path of an executable on the PATH, or nothing. */
export function which(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name))
    .find(isExecutable);
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function download(workDir, packagesOf) {
  const apt = unprivilegedApt(workDir);
  apt('apt-get', 'update');
  apt('apt-get', 'download', ...packagesOf(apt));
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
