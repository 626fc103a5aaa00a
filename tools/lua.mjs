// Turns lib/redis/scripts/*.lua into lib/redis/scripts/index.ts, so that the package ships plain
// strings: no file is read at run time, and bundled or CommonJS consumers work.
//
// A line `-- @include name` stands for include/name.lua, once per script; includes may include. What an indented
// line brings is local to the block that it stands in: another block, which cannot see it, gets its own.
// A line `-- @step` in a script makes all that follows it a function, which is called at once. Lua looks for each local
// that a function shares from the newest one back; what stands before a step is looked for no more.
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
  return partsOf(script, dir)
    .map(({ code }) => code)
    .join('');
}

/** The whole text of the generated module: what stands in several scripts stands there once. */
export function render(dir = scriptsDir) {
  const scripts = scriptNames(dir).map((script) => ({ script, parts: partsOf(script, dir) }));
  const shared = new Map();
  for (const { parts } of scripts) {
    for (const { file, code } of parts) {
      if (file === undefined || shared.has(code)) continue;
      const number = [...shared.values()].filter((part) => part.file === file).length + 1;
      shared.set(code, { file, constant: `${constantName(file)}_${number}` });
    }
  }
  const constants = [...shared].map(
    ([code, { constant }]) => `const ${constant} = ${literal(code)};\n`,
  );
  const exported = scripts.map(({ script, parts }) => {
    const texts = parts.map(({ code }) => shared.get(code)?.constant ?? literal(code));
    return `export const ${constantName(script)} = [${texts.join(', ')}].join('');\n`;
  });
  if (exported.length === 0) return [banner, 'export {};\n'].join('\n');
  return [banner, ...constants, ...exported].join('\n');
}

function partsOf(script, dir) {
  return withIncludes(join(dir, `${script}.lua`), dir, new Set());
}

function luaFiles(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((file) => file.endsWith('.lua'))
    .map((file) => file.slice(0, -'.lua'.length))
    .sort();
}

/** The parts of a file, from include to include; those of an include tell its name. */
function withIncludes(path, dir, included, file) {
  const parts = [];
  let code = '';
  let steps = 0;
  const endPart = () => {
    if (code !== '') parts.push({ file, code });
    code = '';
  };
  // What can be seen here, by blocks within blocks.
  const blocks = [{ indent: 0, included }];
  for (const [index, line] of readFileSync(path, 'utf8').split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const indent = line.search(/\S/);
    while (blocks.at(-1).indent > indent) blocks.pop();
    const include = /^\s*-- @include (\S+)\s*$/.exec(line)?.[1];
    if (include !== undefined) {
      if (blocks.at(-1).indent < indent) {
        blocks.push({ indent, included: new Set(blocks.at(-1).included) });
      }
      const seen = blocks.at(-1).included;
      if (seen.has(include)) continue;
      seen.add(include);
      endPart();
      parts.push(...withIncludes(join(dir, 'include', `${include}.lua`), dir, seen, include));
    } else if (line === '-- @step' && file === undefined) {
      code += 'return (function()\n';
      steps += 1;
    } else if (spansLines(line)) {
      throw new Error(
        `${path}:${index + 1}: text that spans lines is not supported: ${line.trim()}`,
      );
    } else if (!/^\s*(--.*)?$/.test(line)) {
      code += `${line.trimEnd()}\n`;
    }
  }
  code += 'end)()\n'.repeat(steps);
  endPart();
  return parts;
}

function spansLines(line) {
  if (/^\s*--(?!\[=*\[)/.test(line)) return false;
  const withoutStrings = line.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/g, "''");
  return /\[=*\[/.test(withoutStrings) || line.endsWith('\\');
}

function literal(code) {
  return `\`${code.replace(/[\\`]|\$\{/g, '\\$&')}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(scriptsDir, { recursive: true });
  writeFileSync(join(scriptsDir, 'index.ts'), render());
}
