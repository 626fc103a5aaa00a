import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform, transformFile, type Options } from '@swc/core';

const root = fileURLToPath(new URL('../../', import.meta.url));

// As in jest.config.js: what the tests run is what the processes they start run.
const swc: Options = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    keepClassNames: true,
  },
};

/** Compiled code in a folder of its own, where it can import the package by its name. */
export interface CompiledPackage {
  readonly dir: string;
  /** Adds a file of TypeScript that stands nowhere else; its name is relative to the folder. */
  add(file: string, source: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Compiles `lib` and further folders of TypeScript for processes of their own. Without types, so it
 * takes a second; inside `node_modules`, so that its imports are found and nothing else looks there.
 */
export async function compilePackage(...folders: string[]): Promise<CompiledPackage> {
  const parent = join(root, 'node_modules/.cache');
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, 'nestjs-agenda-redis-'));
  await Promise.all(['lib', ...folders].map((folder) => compileFolder(folder, dir)));
  await writeFile(join(dir, 'package.json'), JSON.stringify(manifest()));
  return {
    dir,
    add: async (file, source) => write(file, dir, (await transform(source, swc)).code),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

async function compileFolder(folder: string, dir: string): Promise<void> {
  const files = await readdir(join(root, folder), { recursive: true });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  await Promise.all(sources.map((file) => compileFile(join(folder, file), dir)));
}

async function compileFile(file: string, dir: string): Promise<void> {
  const { code } = await transformFile(join(root, file), swc);
  await write(file, dir, code);
}

async function write(file: string, dir: string, code: string): Promise<void> {
  const target = join(dir, file.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
}

/** A package may import itself by name, through its own exports. */
function manifest(): object {
  return {
    name: 'nestjs-agenda-redis',
    type: 'module',
    exports: { '.': './lib/index.js', './*': './lib/*/index.js' },
  };
}
