import { readFile } from 'node:fs/promises';
import { transform } from '@swc/core';

/** A row of a table: what is done elsewhere, and the code that does it here. */
export interface GuideRow {
  readonly there: string;
  readonly here: string;
}

/** The rows of those tables of a guide that have this head. */
export async function rowsOf(file: string, head: string): Promise<GuideRow[]> {
  const guide = await readFile(file, 'utf8');
  const tables = guide.split(`${head}\n|---|---|\n`).slice(1);
  return tables.flatMap((text) => {
    const end = text.search(/^[^|]/m);
    const lines = (end < 0 ? text : text.slice(0, end)).split('\n').filter((line) => line !== '');
    return lines.map(rowOf);
  });
}

function rowOf(line: string): GuideRow {
  const cells = /^\| (.+?) \| (.+) \|$/.exec(line);
  const code = cells && /^`([^`]+)`/.exec(cells[2]!);
  if (!code) throw new Error(`There is no code on the right of this row: ${line}`);
  return { there: cells[1]!, here: code[1]! };
}

/** Runs the code with these names in scope; answers what it comes to. */
export function evaluate(code: string, scope: Record<string, unknown>): Promise<unknown> {
  const isStatement = /^(return|throw|for) /.test(code);
  const body = isStatement ? code : `return (${code});`;
  return new AsyncFunction(...Object.keys(scope), body)(...Object.values(scope));
}

// Not a global, but the constructor of every asynchronous function.
const AsyncFunction = (async () => undefined).constructor as new (
  ...text: string[]
) => (...values: unknown[]) => Promise<unknown>;

/** A class with one method, under this decorator. */
export async function decorated(
  decorator: string,
  scope: Record<string, unknown>,
): Promise<new () => object> {
  const source = `class Jobs { ${decorator} handle(job) { return handle(job); } }`;
  const { code } = await transform(source, {
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true },
    },
  });
  const Jobs = new AsyncFunction(...Object.keys(scope), `${code}; return Jobs;`);
  return (await Jobs(...Object.values(scope))) as new () => object;
}
