import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * Which folder of lib may import what: other folders by name, packages by name or `@scope/*`.
 * Every folder may import itself and `node:*`, which is the platform and no layer.
 */
const mayImport: Record<string, readonly string[]> = {
  'index.ts': ['nest', 'core', 'redis'],
  core: runtimeDependencies(),
  redis: ['core', 'ioredis'],
  memory: ['core'],
  nest: ['core', 'redis', '@nestjs/*', 'rxjs'],
  // Redis, too: the clock of a test on a real Redis is no option that others could give.
  testing: ['core', 'memory', 'nest', 'redis', '@nestjs/common', '@nestjs/core'],
  health: ['core', 'nest', '@nestjs/common', '@nestjs/core'],
  metrics: ['core', 'nest', '@nestjs/common', 'prom-client'],
  otel: ['core', '@opentelemetry/api'],
  dashboard: ['core', 'nest', '@nestjs/common', '@nestjs/core', 'rxjs', 'dashboard/api'],
  // What server and page say to each other; of the page, which runs in browsers, only its bundle is imported.
  'dashboard/api': [],
  'dashboard/page': ['dashboard/api', 'preact'],
  'bull-board': ['core', 'nest', '@nestjs/common', '@bull-board/*'],
  cli: ['core', 'redis'],
};

/** The duties of the worker host know values and contracts, never each other. */
const hostServices = ['claimer', 'executor', 'lease-keeper', 'settler', 'janitor'];
const values = ['job', 'job-state', 'schedule', 'backoff', 'duration', 'outcome'];

interface Import {
  /** Path in lib, such as `core/worker-host.ts`. */
  from: string;
  /** Path in lib, or the specifier of a package. */
  to: string;
  isFile: boolean;
}

const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.tsx?$/.test(file))
  .sort();
const imports = files.flatMap(importsOf);

it('lets each folder of lib import only what its layer may', () => {
  const forbidden = imports.filter((found) => !isAllowed(found)).map(describeImport);

  expect(forbidden).toEqual([]);
});

it('keeps the services of the worker host apart, and values free of services', () => {
  const isService = (file: string) => hostServices.includes(basename(file, '.ts'));
  const isValue = (file: string) => values.includes(basename(file, '.ts'));
  const isHost = (file: string) => ['worker-host', 'job-scheduler'].includes(basename(file, '.ts'));
  const forbidden = imports
    .filter(({ from, to }) => from.startsWith('core/') && to.startsWith('core/'))
    .filter(
      ({ from, to }) =>
        (isService(from) && isService(to)) || (isValue(from) && (isService(to) || isHost(to))),
    )
    .map(describeImport);

  expect(forbidden).toEqual([]);
});

it('has no import cycle in lib, types included', () => {
  expect(cycles().map((cycle) => cycle.join(' → '))).toEqual([]);
});

it('imports only files that exist, by their full name', () => {
  const missing = imports.filter(({ to, isFile }) => isFile && !existsSync(join(root, 'lib', to)));

  expect(missing.map(describeImport)).toEqual([]);
});

/** Static, type-only and dynamic imports, re-exports, and `import('…')` types. */
function importsOf(from: string): Import[] {
  const source = readFileSync(join(root, 'lib', from), 'utf8');
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => {
    const isFile = fileName.startsWith('.');
    const to = isFile ? sourceOf(posix.normalize(posix.join(dirname(from), fileName))) : fileName;
    return { from, to, isFile };
  });
}

function sourceOf(file: string): string {
  const component = file.replace(/\.js$/, '.tsx');
  return files.includes(component) ? component : file.replace(/\.js$/, '.ts');
}

function isAllowed({ from, to, isFile }: Import): boolean {
  const layer = layerOf(from);
  const allowed = mayImport[layer] ?? [];
  if (isFile) return layerOf(to) === layer || allowed.includes(layerOf(to));
  return to.startsWith('node:') || allowed.some((name) => isOfPackage(to, name));
}

function layerOf(file: string): string {
  const folder = Object.keys(mayImport).find(
    (name) => name.includes('/') && file.startsWith(`${name}/`),
  );
  return folder ?? file.split('/')[0]!;
}

function isOfPackage(specifier: string, name: string): boolean {
  if (name.endsWith('/*')) return specifier.startsWith(name.slice(0, -1));
  return specifier === name || specifier.startsWith(`${name}/`);
}

function describeImport({ from, to }: Import): string {
  return `lib/${from} imports ${to}`;
}

/** One cycle for each import that closes one, as the files along it. */
function cycles(): string[][] {
  const found: string[][] = [];
  const finished = new Set<string>();
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) {
      found.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    if (finished.has(file)) return;
    for (const { from, to, isFile } of imports) {
      if (isFile && from === file) visit(to, [...path, file]);
    }
    finished.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

/** The few libraries of the time language: all that the package brings along. */
function runtimeDependencies(): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return Object.keys(manifest.dependencies ?? {});
}
