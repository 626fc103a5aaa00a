// `npm run check:package [-- tarball]`: packs the package as npm would publish it, unless it is given, and checks
// the tarball: files, exports and types.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, withTarball } from './package-tarball.mjs';

await withTarball((dir, given) => {
  // `attw` deletes tarballs that it finds where it works.
  const tarball = join(dir, 'checked.tgz');
  copyFileSync(given, tarball);
  run('npx', 'publint', 'run', tarball, '--strict');
  // ESM only: CommonJS loads it through require(esm), which is what this rule warns about.
  run('npx', 'attw', tarball, '--ignore-rules', 'cjs-resolves-to-esm');
});
