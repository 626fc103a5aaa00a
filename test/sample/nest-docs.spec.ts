import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/*
 * The blocks of `docs/nest.md` compile, each as a module of its own: what they leave out is imported here, and what
 * belongs to the reader's application is declared. Where a comment below a line says `~~~ message`, the compiler does.
 */

const IMPORTED: Readonly<Record<string, readonly string[]>> = {
  '@nestjs/common': ['Injectable', 'Module'],
  '@nestjs/config': ['ConfigService'],
  'nestjs-agenda-redis': [
    'AgendaRedisModule',
    'defineJob',
    'HandlerRegistry',
    'InjectScheduler',
    'Job',
    'type JobDeadEvent',
    'JobHandler',
    'JobMiddleware',
    'JobScheduler',
    'OnJobEvent',
  ],
  zod: ['z'],
};

const APPLICATION = `
import type { CanActivate } from '@nestjs/common';
import type { ConfigService } from '@nestjs/config';
import type { HandlerOptions, JobMiddleware, JobScheduler } from 'nestjs-agenda-redis';

declare global {
  const scheduler: JobScheduler;
  const MAIN: string;
  class Mailer { send(mail: object, options: { idempotencyKey: string }): Promise<string> }
  class TenantIsActive implements CanActivate { canActivate(): boolean }
  class TenantDatabase { write(data: { tenant: string }): Promise<void> }
  class TenantModule {}
  class TenantStorage { current(): string; run<T>(tenant: string | undefined, work: () => T): T }
  class LogSink { write(line: object): void }
  class Images { resize(width: number): Promise<number> }
  class TenantMiddleware implements JobMiddleware { constructor(tenants: TenantStorage) }
  function localeOf(userId: string): Promise<string>;
  function rendererOptions(config: ConfigService): HandlerOptions;
}
`;

const folder = fileURLToPath(new URL('nest-docs/', import.meta.url));

/** Declarations of names hold for a whole program, so the chapter that makes some is one of its own. */
it.each([
  ['about types', (heading: string) => heading.startsWith('Types')],
  ['about all else', (heading: string) => !heading.startsWith('Types')],
])(
  'shows code that compiles as it stands, and mistakes that do not: chapters %s',
  async (_, isMeant) => {
    const page = await readFile('docs/nest.md', 'utf8');
    const chapters = page.split(/^## /m).filter((chapter) => isMeant(chapter));
    const blocks = chapters.flatMap((chapter) => [...chapter.matchAll(/```ts\n([^]*?)```/g)]);
    const modules = blocks.map(
      ([, code]) => `${importsFor(code!)}\n${code!.replaceAll('{ … }', '{}')}`,
    );
    expect(modules).not.toEqual([]);

    expect(told(modules)).toEqual(modules.flatMap((code) => announced(code)));
  },
  120_000,
);

/** In one line, so that lines are counted as on the page. */
function importsFor(code: string): string {
  const [head = ''] = /^(import .*\n|\n)*/.exec(code)!;
  const body = code.slice(head.length);
  return Object.entries(IMPORTED)
    .map(([from, names]) => {
      const missing = names.filter((name) => {
        const word = new RegExp(`\\b${name.replace('type ', '')}\\b`);
        return word.test(body) && !word.test(head);
      });
      return `import { ${missing.join(', ')} } from '${from}';`;
    })
    .join(' ');
}

/** The line that is wrong, and what is said of it. */
function announced(code: string): string[] {
  const lines = code.split('\n');
  return lines.flatMap((line, index) => {
    const [, message] = /^\/\/ +~+ (.*)$/.exec(line) ?? [];
    return message === undefined ? [] : [`${lines[index - 1]!}: ${message}`];
  });
}

function told(modules: readonly string[]): string[] {
  const sources = new Map(modules.map((code, index) => [`${folder}${index}.ts`, code]));
  sources.set(`${folder}application.ts`, APPLICATION);
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  host.fileExists = (path) => sources.has(path) || ts.sys.fileExists(path);
  host.readFile = (path) => sources.get(path) ?? ts.sys.readFile(path);

  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].flatMap((path) => {
    const file = program.getSourceFile(path)!;
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    return found.map(({ start, messageText }) => {
      const line = file.text.split('\n')[file.getLineAndCharacterOfPosition(start!).line]!;
      return `${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

/** Those of the type tests, but for what the Nest CLI leaves off in a new application. */
function compilerOptions(): ts.CompilerOptions {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  const { options } = ts.getParsedCommandLineOfConfigFile('test/types/tsconfig.json', {}, host)!;
  return { ...options, strictPropertyInitialization: false };
}
