// Turns lib/redis/scripts/*.lua into lib/redis/scripts/index.ts, so that the package ships plain
// strings: no file is read at run time, and bundled or CommonJS consumers work.
//
// A line `-- @include name` stands for include/name.lua, once per script; includes may include.
// Comment lines and blank lines stay behind: they would only be sent over the wire. That is safe
// because text that spans lines (long brackets, a string continued by a backslash) is refused.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const scriptsDir = fileURLToPath(new URL('../lib/redis/scripts/', import.meta.url));
const banner = '// Generated from the .lua files beside it by `npm run generate`. Do not edit.\n';

/** The names of all scripts, without `.lua`, in a fixed order. */
export function scriptNames(dir = scriptsDir) {
  return luaFiles(dir);
}

/** The names of all includes, without `.lua`, in a fixed order. */
export function includeNames(dir = scriptsDir) {
  return luaFiles(join(dir, 'include'));
}

/** The name of the constant that holds a script: `complete-job` → `completeJob`. */
export function constantName(script) {
  return script.replace(/[-_](\w)/g, (_, letter) => letter.toUpperCase());
}

/** The source of one script as the server gets it: includes in place, comment and blank lines gone. */
export function expand(script, dir = scriptsDir) {
  return withIncludes(join(dir, `${script}.lua`), dir, new Set());
}

/** The whole text of the generated module. */
export function render(dir = scriptsDir) {
  const constants = scriptNames(dir).map(
    (script) => `export const ${constantName(script)} = \`${escaped(expand(script, dir))}\`;\n`,
  );
  return [banner, ...(constants.length > 0 ? constants : ['export {};\n'])].join('\n');
}

function luaFiles(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((file) => file.endsWith('.lua'))
    .map((file) => file.slice(0, -'.lua'.length))
    .sort();
}

function withIncludes(file, dir, included) {
  let code = '';
  for (const [index, line] of readFileSync(file, 'utf8').split(/\r?\n/).entries()) {
    const include = /^\s*-- @include (\S+)\s*$/.exec(line)?.[1];
    if (include !== undefined) {
      if (included.has(include)) continue;
      included.add(include);
      code += withIncludes(join(dir, 'include', `${include}.lua`), dir, included);
    } else if (spansLines(line)) {
      throw new Error(
        `${file}:${index + 1}: text that spans lines is not supported: ${line.trim()}`,
      );
    } else if (!/^\s*(--.*)?$/.test(line)) {
      code += `${line.trimEnd()}\n`;
    }
  }
  return code;
}

function spansLines(line) {
  if (/^\s*--(?!\[=*\[)/.test(line)) return false;
  const withoutStrings = line.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/g, "''");
  return /\[=*\[/.test(withoutStrings) || line.endsWith('\\');
}

function escaped(code) {
  return code.replace(/[\\`]|\$\{/g, '\\$&');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(scriptsDir, { recursive: true });
  writeFileSync(join(scriptsDir, 'index.ts'), render());
}
