// `npm run bench [-- arguments]`: compiles lib and test/bench into a folder of this run and runs test/bench/main.ts.
//
// Compiled with tsc and not run through a loader such as tsx or @swc-node/register: tsc emits the
// decorator metadata that Nest needs, the code measured is the code shipped, processes that the
// benchmark forks need no flags, and there is no further dependency. Types are checked by
// `npm run typecheck`, not here.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writePage } from './page.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
// Of its own: two runs at once must not take each other's code away.
const build = `.bench/${process.pid}`;
const args = process.argv.slice(2);
await writePage();
try {
  process.exitCode =
    node('node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.bench.json', '--outDir', build) ||
    node('--disable-warning=persistence-off', `${build}/test/bench/main.js`, ...args);
} finally {
  rmSync(build, { recursive: true, force: true });
}

function node(...args) {
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
