// `npm run test:cluster [-- --only cluster-8] [--suite contract] [--server valkey-8.1]`: the contract suite, the tests of
// what Redis alone has and the crash tests, on every kind of server that the library works with. Prints a table of
// what ran where, and ends with 1 when anything failed. A server that cannot be had here is skipped, with a line that says so.
//
//   --only     a run by its name, see RUNS below; may be repeated
//   --suite    contract, redis or crash; may be repeated
//   --server   the servers of those runs: a release from test/support/redis-releases.mjs, or the path of a program
//   --results  a folder for the results of Jest, as JSON; a temporary one when left out
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { releasedServer, releaseNames } from '../test/support/redis-releases.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const SUITES = {
  contract: ['test/contract/'],
  redis: ['test/redis/'],
  crash: ['--config', 'jest.chaos.config.js'],
};
const ALL = Object.keys(SUITES);

/** What is about one server only is tested on one server. */
const RUNS = [
  ...releaseNames.map((name) => ({ name, topology: 'standalone', server: name, suites: ALL })),
  { name: 'cluster-1', topology: 'cluster', partitions: 1, suites: ['contract', 'crash'] },
  { name: 'cluster-8', topology: 'cluster', partitions: 8, suites: ['contract', 'crash'] },
  { name: 'sentinel', topology: 'sentinel', suites: ['contract', 'crash'] },
];

const { only, suite, server, results } = options();
const dir = results ?? mkdtempSync(join(tmpdir(), 'test-cluster-'));
const rows = [];
try {
  for (const run of RUNS.filter(({ name }) => only.includes(name))) {
    const suites = run.suites.filter((name) => suite.includes(name));
    rows.push(...runOn({ ...run, ...(server && { server }) }, suites));
  }
} finally {
  if (!results) rmSync(dir, { recursive: true, force: true });
}
console.log('');
console.table(rows);
if (rows.some(({ failed }) => failed > 0)) process.exitCode = 1;

/** Its rows of the table. */
function runOn({ name, topology, partitions = 1, server }, suites) {
  const program = programOf(server);
  if (server && !program) {
    console.error(`\n${name}: skipped, ${server} cannot be had here (see the reason above).`);
    return [{ run: name, suite: 'skipped', server }];
  }
  return suites.map((suite) => {
    console.log(`\n== ${name}: ${suite}`);
    const started = performance.now();
    const file = join(dir, `${name}-${suite}.json`);
    const status = jest([...SUITES[suite], '--json', '--outputFile', file], {
      TEST_REDIS_TOPOLOGY: topology,
      TEST_REDIS_PARTITIONS: String(partitions),
      TEST_REDIS_SERVER: program ?? '',
    });
    const seconds = Math.round((performance.now() - started) / 1000);
    return {
      run: name,
      suite,
      server: server ?? 'of this machine',
      ...countsOf(file, status),
      seconds,
    };
  });
}

function programOf(server) {
  return server && releaseNames.includes(server) ? releasedServer(server) : server;
}

/** A suite that did not come to its end has failed. */
function countsOf(file, status) {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
  return {
    passed: counts.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: counts.numPendingTests,
  };
}

/** @returns its status */
function jest(args, variables) {
  const warnings = ['ExperimentalWarning', 'persistence-off'];
  const flags = warnings.map((name) => `--disable-warning=${name}`);
  const env = { ...process.env, ...variables };
  // Somebody's server is not what these runs are about.
  for (const name of ['REDIS_TEST_URL', 'REDIS_URL']) delete env[name];
  const { status } = spawnSync(
    process.execPath,
    ['--experimental-vm-modules', ...flags, 'node_modules/jest/bin/jest.js', ...args],
    { cwd: root, stdio: 'inherit', env },
  );
  return status ?? 1;
}

function options() {
  const names = RUNS.map(({ name }) => name);
  const list = { type: 'string', multiple: true };
  const text = { type: 'string' };
  try {
    const { values } = parseArgs({
      options: { only: list, suite: list, server: text, results: text },
    });
    const { only = names, suite = ALL, server, results } = values;
    check('only', only, names);
    check('suite', suite, ALL);
    return { only, suite, server, results };
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

function check(option, given, known) {
  const unknown = given.find((value) => !known.includes(value));
  if (unknown) throw new Error(`--${option} is one of ${known.join(', ')}, not ${unknown}.`);
}
