// Turns lib/dashboard/page into lib/dashboard/bundle.ts: the page as strings, so that the package ships it compiled, no
// file is read at run time, and bundled applications have it too. The same sources give the same text.
//
// `node tools/page.mjs` makes it once; with `--watch` again after each change of a source.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = fileURLToPath(new URL('../lib/dashboard/page/', import.meta.url));
const target = fileURLToPath(new URL('../lib/dashboard/bundle.ts', import.meta.url));

const BANNER =
  '// Generated from lib/dashboard/page by `npm run generate`: see tools/page.mjs. Do not edit.\n';
const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
};

const options = {
  absWorkingDir: root,
  entryPoints: { app: `${page}main.tsx` },
  outdir: page,
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  target: ['chrome109', 'firefox115', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
};

/** Makes the bundle; writes nothing when it is what it was. */
export async function writePage() {
  save(await build(options));
}

function save({ outputFiles }) {
  const bodies = { 'index.html': readFileSync(`${page}index.html`, 'utf8') };
  for (const { path, text } of outputFiles) {
    bodies[path.endsWith('.css') ? 'app.css' : 'app.js'] = text;
  }
  const text = render(bodies);
  if (existsSync(target) && readFileSync(target, 'utf8') === text) return;
  // Whole or not at all: tests may be reading it.
  writeFileSync(`${target}.${process.pid}`, text);
  renameSync(`${target}.${process.pid}`, target);
}

function render(bodies) {
  const files = Object.entries(TYPES).map(
    ([name, type]) =>
      `  ${literal(name)}: { type: ${literal(type)}, body: ${literal(bodies[name])} },\n`,
  );
  return [
    BANNER,
    '\nexport const PAGE_FILES: Readonly<\n  Record<string, { readonly type: string; readonly body: string }>\n> = {\n',
    ...files,
    '};\n',
  ].join('');
}

function literal(text) {
  return JSON.stringify(text);
}

/** Until it is ended. */
async function watchPage() {
  const afterEach = {
    name: 'bundle',
    setup: ({ onEnd }) =>
      onEnd((result) => {
        if (result.errors.length > 0) return;
        save(result);
        console.log(`${new Date().toLocaleTimeString()} ${target}`);
      }),
  };
  const watcher = await context({ ...options, plugins: [afterEach] });
  await watcher.watch();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv.includes('--watch') ? watchPage() : writePage());
}
