// Servers of other releases, from Debian packages unpacked into the private cache. Each brings the C library of its own
// release and that one's loader, so it does not matter which release this machine has.
import { chmodSync, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  isExecutable,
  libraryDirs,
  unpackDebianPackages,
  unpackedDir,
} from './debian-packages.mjs';

/** By the name of a server: the release of Debian that has it, and in which package. */
const RELEASES = {
  'redis-6.0': { release: 'bullseye', kind: 'redis' },
  'redis-7.0': { release: 'bookworm', kind: 'redis' },
  'redis-8.0': { release: 'trixie', kind: 'redis' },
  'valkey-8.1': { release: 'trixie', kind: 'valkey' },
};

export const releaseNames = Object.keys(RELEASES);

/** The file that starts this server, or nothing when it cannot be had here; the first call downloads it. */
export function releasedServer(name) {
  const { release, kind } = RELEASES[name];
  const start = join(unpackedDir(name), 'start-server');
  if (isExecutable(start)) return start;
  const packages = (apt) => withLibraries(`${kind}-tools`, apt);
  const finish = (root) => writeStart(root, kind);
  return unpackDebianPackages(name, packages, finish, release) ? start : undefined;
}

/** A package and all libraries that it needs, directly or through others. */
function withLibraries(first, apt) {
  const wanted = new Set([first]);
  for (const name of wanted) {
    const needs = apt('apt-cache', 'depends', '--no-recommends', '--no-suggests', name);
    for (const [, need] of needs.matchAll(/^\s+(?:Pre)?Depends: ((?:lib|zlib|lua-)[^<\s]*)$/gm)) {
      wanted.add(need);
    }
  }
  return [...wanted];
}

function writeStart(root, kind) {
  const dirs = libraryDirs(root);
  const server = join(root, `usr/bin/${kind}-server`);
  // The server is the same program as the checker of its files, which the tools have.
  if (!existsSync(server)) symlinkSync(`${kind}-check-rdb`, server);
  const inRoot = (path) => `"$root/${relative(root, path)}"`;
  const file = join(root, 'start-server');
  // Some builds look for the libraries of their scripts where they would be installed.
  const ofScripts = dirs.map((dir) => join(dir, 'lua/5.1/?.so')).map(inRoot);
  const lines = [
    '#!/bin/sh',
    'root=$(dirname "$0")',
    `export LUA_CPATH=${ofScripts.join("';'")}`,
    `exec ${inRoot(loader(dirs))} --library-path ${dirs.map(inRoot).join(':')} ${inRoot(server)} "$@"`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  chmodSync(file, 0o755);
}

/** The dynamic loader: of the names that lead to it, one that does so without the root folder of another machine. */
function loader(dirs) {
  for (const dir of dirs) {
    const name = readdirSync(dir).find(
      (entry) => /^ld-(linux.*|\d.*)\.so(\.\d)?$/.test(entry) && isExecutable(join(dir, entry)),
    );
    if (name) return join(dir, name);
  }
  throw new Error('no loader among the libraries');
}
