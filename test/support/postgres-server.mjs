// A PostgreSQL of a test's own, in a temporary folder and on a free port. The server refuses to run as
// root: there it runs as `nobody`.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  isExecutable,
  libraryPath,
  unpackDebianPackages,
  unpackedDir,
  which,
} from './debian-packages.mjs';
import { onFreePort, withParent } from './own-process.mjs';

const START_WITHIN_MS = 10_000;
const USER = 'agenda';

/** See the type declarations beside this file. */
export async function startPrivatePostgres() {
  const programs = postgresPrograms();
  if (!programs) {
    throw new Error(
      'This test starts a PostgreSQL of its own and found no initdb and postgres. Install PostgreSQL ' +
        '(apt-get install postgresql, brew install postgresql).',
    );
  }
  const user = unprivilegedUser();
  const dir = mkdtempSync(join(tmpdir(), 'postgres-test-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  try {
    if (user) chownSync(dir, user.uid, user.gid);
    const options = { cwd: dir, env: { ...process.env, ...programs.env }, ...user };
    initialise(programs, join(dir, 'data'), options);
    const { port, server } = await onFreePort((free) =>
      startServer(programs, join(dir, 'data'), free, options),
    );
    return {
      url: `postgresql://${USER}@127.0.0.1:${port}/postgres`,
      stop: async () => {
        await server.end();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** `{ initdb, postgres, env }`, or nothing; the first call may download them. */
function postgresPrograms() {
  return (
    programsIn(binDirs('/')) ??
    unpackedPrograms() ??
    (unpackDebianPackages('postgres', missingPackages) ? unpackedPrograms() : undefined)
  );
}

function unpackedPrograms() {
  const programs = programsIn(binDirs(unpackedDir('postgres')));
  return programs && { ...programs, env: libraryPath('postgres') };
}

/** Debian keeps the server's programs off the PATH, in a folder for each version. */
function binDirs(root) {
  const versions = join(root, 'usr/lib/postgresql');
  let found = [];
  try {
    found = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  } catch {
    // Not a Debian, or none installed.
  }
  const onPath = root === '/' ? which('initdb') : undefined;
  return [
    ...found.map((name) => join(versions, name, 'bin')),
    ...(onPath ? [dirname(onPath)] : []),
  ];
}

function programsIn(dirs) {
  const dir = dirs.find((one) =>
    ['initdb', 'postgres'].every((name) => isExecutable(join(one, name))),
  );
  return dir && { initdb: join(dir, 'initdb'), postgres: join(dir, 'postgres'), env: {} };
}

/** What an installation would bring: the server of this release, and the libraries that are not here. */
function missingPackages(apt) {
  return apt('apt-get', 'install', '--simulate', '--no-install-recommends', 'postgresql')
    .split('\n')
    .map((line) => /^Inst (\S+)/.exec(line)?.[1])
    .filter((name) => name !== undefined);
}

function unprivilegedUser() {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function initialise({ initdb }, data, options) {
  const settings = ['--auth=trust', '--no-locale', '--encoding=UTF8', '--no-sync'];
  execFileSync(initdb, [`--pgdata=${data}`, `--username=${USER}`, ...settings], {
    ...options,
    stdio: 'pipe',
  });
}

async function startServer({ postgres }, data, port, options) {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // Nothing here has to outlive a crash of the machine.
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '16MB',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // This signal ends it at once, whatever connections there are, and it takes its shared memory along.
  const [command, ...prefix] = [...withParent('QUIT'), postgres];
  const child = spawn(command, [...prefix, '-D', data, ...args], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  const exited = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  const quit = () => child.kill('SIGQUIT');
  process.once('exit', quit);
  void exited.then(() => process.off('exit', quit));
  const end = async () => {
    quit();
    await exited;
  };
  const isReady = new Promise((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (output.includes('ready to accept connections')) resolve(true);
    });
  });
  let impatience;
  const tooLong = new Promise((resolve) => (impatience = setTimeout(resolve, START_WITHIN_MS)));
  const ready = await Promise.race([isReady, exited.then(() => false), tooLong]);
  clearTimeout(impatience);
  if (ready === true) return { end };
  await end();
  throw new Error(`${postgres} did not start on port ${port}:\n${output}`);
}
