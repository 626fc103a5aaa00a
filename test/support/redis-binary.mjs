// Where a Redis server binary comes from: TEST_REDIS_SERVER, else the PATH, else the private cache, else
// Debian packages unpacked into that cache.
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  isExecutable,
  libraryPath,
  unpackDebianPackages,
  unpackedDir,
  which,
} from './debian-packages.mjs';

export { which };

/** The binary to start servers with, or nothing; the first call may download it. */
export function redisBinary() {
  return (
    namedBinary() ?? binaryOnPath() ?? unpackedBinary() ?? (unpack() ? unpackedBinary() : undefined)
  );
}

function namedBinary() {
  const file = process.env.TEST_REDIS_SERVER;
  if (!file) return undefined;
  if (!isExecutable(file)) {
    throw new Error(`TEST_REDIS_SERVER names ${file}, which cannot be executed.`);
  }
  return { file, env: {} };
}

function binaryOnPath() {
  const file = which('redis-server') ?? which('valkey-server');
  return file && { file, env: {} };
}

function unpackedBinary() {
  const file = join(unpackedDir('redis'), 'usr/bin/redis-server');
  return isExecutable(file) ? { file, env: libraryPath('redis') } : undefined;
}

function unpack() {
  return unpackDebianPackages('redis', packages, (root) => {
    // The server is redis-check-rdb under another name; package redis-server adds only that link.
    const server = join(root, 'usr/bin/redis-server');
    if (!existsSync(server)) symlinkSync('redis-check-rdb', server);
  });
}

function packages(apt) {
  // Read, not written down here: the names of the libraries change from release to release.
  const libraries = apt('apt-cache', 'depends', '--no-recommends', '--no-suggests', 'redis-tools')
    .split('\n')
    .map((line) => /^\s+Depends: ([a-z0-9][^<\s]*)$/.exec(line)?.[1])
    .filter((name) => name !== undefined && !['libc6', 'adduser'].includes(name));
  return ['redis-tools', ...libraries];
}
