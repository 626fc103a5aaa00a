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
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Root's home is closed to other users, and some servers run only as one of those. */
const cacheDir = join(
  process.env.XDG_CACHE_HOME ||
    (process.getuid?.() === 0 ? '/var/cache' : join(homedir(), '.cache')),
  'nestjs-agenda-redis',
);

const DEBIAN_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Where packages of that cache name are, once they are unpacked. */
export const unpackedDir = (name) => join(cacheDir, name);

/**
 * Unpacks packages under a name of the cache; false when that cannot be done here.
 *
 * @param packagesOf names the packages, with what their programs need; it may ask apt
 * @param finish does the rest in the folder they were unpacked to; the folder is moved afterwards
 * @param release of Debian, such as `trixie`, when it is not to be the one of this machine
 */
export function unpackDebianPackages(name, packagesOf, finish = () => {}, release) {
  if (!which('apt-get') || !which('dpkg')) return false;
  mkdirSync(cacheDir, { recursive: true });
  // Two test runs may do this at once: each works in a folder of its own, the first rename wins.
  const workDir = mkdtempSync(join(cacheDir, 'unpack-'));
  try {
    const root = join(workDir, 'root');
    for (const deb of download(workDir, packagesOf, release)) {
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
  return { LD_LIBRARY_PATH: libraryDirs(unpackedDir(name)).join(delimiter) };
}

/** Where the libraries are in a folder that packages were unpacked to. */
export function libraryDirs(root) {
  return ['usr/lib', 'lib']
    .map((dir) => join(root, dir))
    .filter((dir) => existsSync(dir))
    .flatMap((dir) =>
      readdirSync(dir)
        .filter((entry) => entry.endsWith('-linux-gnu'))
        .map((entry) => join(dir, entry)),
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

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function download(workDir, packagesOf, release) {
  const apt = unprivilegedApt(workDir, release ? settingsOf(workDir, release) : []);
  apt('apt-get', 'update');
  apt('apt-get', 'download', ...packagesOf(apt));
  return readdirSync(workDir)
    .filter((file) => file.endsWith('.deb'))
    .map((file) => join(workDir, file));
}

/** Runs apt tools that keep their lists and caches in `workDir`, so that any user may. */
function unprivilegedApt(workDir, more) {
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
    ...more,
  ].flatMap((setting) => ['-o', setting]);
  return (tool, ...args) =>
    execFileSync(tool, ['-q', ...settings, ...args], {
      cwd: workDir,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
    });
}

/** What makes apt look at another release, in the archive that this machine uses. */
function settingsOf(workDir, release) {
  const uris = execFileSync('apt-get', ['--print-uris', 'update'], { encoding: 'utf8' });
  const archive = /^'(.*)\/dists\/[a-z]+\/InRelease'/m.exec(uris)?.[1];
  if (!archive) throw new Error('apt names no archive');
  const list = join(workDir, 'sources.list');
  const signed = existsSync(DEBIAN_KEYS) ? `[signed-by=${DEBIAN_KEYS}] ` : '';
  writeFileSync(list, `deb ${signed}${archive} ${release} main\n`);
  return [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/dev/null',
    // What is installed here says nothing about what is there.
    'Dir::State::status=/dev/null',
  ];
}
