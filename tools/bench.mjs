// `npm run bench [-- arguments]`: compiles lib and test/bench to .bench/ and runs test/bench/main.ts.
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
rmSync('.bench', { recursive: true, force: true });
await writePage();

const compile = ['node_modules/typescript/bin/tsc', '-p', 'test/tsconfig.bench.json'];
process.exitCode =
  node(...compile) ||
  node('--disable-warning=persistence-off', '.bench/test/bench/main.js', ...process.argv.slice(2));

function node(...args) {
  return spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
}
