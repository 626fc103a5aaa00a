import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/*
 * The type tests (`test/types`) are compiled by `npm run typecheck`, where `@ts-expect-error` says that a line does
 * not compile. Here they are compiled without these comments, to see what is said of each such line.
 */

const typeTests = fileURLToPath(new URL('../../types/', import.meta.url));

describe.each(['', 'strict/'])('the compiler, in test/types/%s', (folder) => {
  let expected: ReadonlyMap<string, string>;
  let told: ReadonlyMap<string, string>;
  beforeAll(() => {
    ({ expected, told } = compiled(`${typeTests}${folder}`));
  }, 120_000);

  it('tells of every line that must not compile, and of nothing else', () => {
    expect(expected.size).toBeGreaterThan(0);
    expect([...told.keys()].sort()).toEqual([...expected.keys()].sort());
  });

  it('says what is wrong in the words of mistakes.ts', () => {
    const mistakes = [...expected].filter(([line]) => line.startsWith('mistakes.ts'));

    expect(mistakes).not.toEqual([]);
    for (const [line, said] of mistakes) {
      expect({ line, message: told.get(line) }).toEqual({
        line,
        message: expect.stringContaining(said),
      });
    }
  });
});

/** By file and line: what a comment says of an error to come, and what the compiler says. */
function compiled(folder: string): Record<'expected' | 'told', ReadonlyMap<string, string>> {
  const { fileNames, options } = configOf(`${folder}tsconfig.json`);
  const lineOf = (path: string, text: string, offset: number): string =>
    `${relative(folder, path)}:${text.slice(0, offset).split('\n').length}`;

  const expected = new Map<string, string>();
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  host.readFile = (path) => {
    const text = readFile(path);
    if (text === undefined || !fileNames.includes(path)) return text;
    const comment = /\/\/ @ts-expect-error -- (.*)\n/g;
    return text.replaceAll(comment, (whole, said: string, offset: number) => {
      expected.set(lineOf(path, text, offset + whole.length), said);
      return '\n';
    });
  };

  const told = new Map<string, string>();
  const program = ts.createProgram(fileNames, options, host);
  for (const path of fileNames) {
    const file = program.getSourceFile(path)!;
    for (const { start, messageText } of program.getSemanticDiagnostics(file)) {
      const message = ts.flattenDiagnosticMessageText(messageText, '\n');
      told.set(lineOf(path, file.text, start!), message);
    }
  }
  return { expected, told };
}

function configOf(path: string): ts.ParsedCommandLine {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  return ts.getParsedCommandLineOfConfigFile(path, {}, host)!;
}
