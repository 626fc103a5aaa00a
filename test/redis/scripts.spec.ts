import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import luaparse from 'luaparse';
import { constantName, expand, includeNames, render, scriptNames } from '../../tools/lua.mjs';

const scriptsDir = new URL('../../lib/redis/scripts/', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, scriptsDir), 'utf8');

const providedGlobals = new Set(
  (
    'KEYS ARGV redis cjson cmsgpack struct bit string table math ' +
    'assert error pcall xpcall select type tonumber tostring ipairs pairs next unpack ' +
    'rawequal rawget rawset getmetatable setmetatable'
  ).split(' '),
);

let redis: Redis;

beforeAll(() => {
  redis = new Redis(process.env.TEST_REDIS_URL!);
});

afterAll(() => {
  redis.disconnect();
});

it('has a generated module that is up to date (npm run generate)', () => {
  expect(read('index.ts')).toBe(render());
});

it('hands every script out as the generator read it', async () => {
  const module = (await import('../../lib/redis/scripts/index.js')) as Record<string, unknown>;

  expect({ ...module }).toEqual(
    Object.fromEntries(scriptNames().map((script) => [constantName(script), expand(script)])),
  );
});

for (const script of scriptNames()) {
  describe(`${script}.lua`, () => {
    const header = headerOf(read(`${script}.lua`));
    const body = expand(script);

    it('uses only the globals that Redis provides', () => {
      const chunk = luaparse.parse(body, { luaVersion: '5.1', scope: true });
      const { globals } = chunk as unknown as { globals: { name: string }[] };

      expect(globals.map(({ name }) => name).filter((name) => !providedGlobals.has(name))).toEqual(
        [],
      );
    });

    it('is accepted by the server', async () => {
      await expect(redis.script('LOAD', body)).resolves.toMatch(/^[0-9a-f]{40}$/);
    });

    it('begins with its name, its purpose and what it returns', () => {
      expect(header[0]).toBe(script);
      expect(header[1]).toMatch(/^\w/);
      expect(header).toContainEqual(expect.stringMatching(/^Returns\s+\S/));
    });

    it.each(['KEYS', 'ARGV'] as const)('documents the %s that it uses, and no others', (table) => {
      expect(undocumented(table, header, body)).toEqual([]);
      expect(unused(table, header, body)).toEqual([]);
    });
  });
}

for (const include of includeNames()) {
  it(`include/${include}.lua begins with its name and its purpose`, () => {
    const header = headerOf(read(`include/${include}.lua`));

    expect(header[0]).toBe(include);
    expect(header[1]).toMatch(/^\w/);
  });
}

type Table = 'KEYS' | 'ARGV';

interface Entry {
  text: string;
  first: number;
  /** Equal to `first` but for a range: `ARGV[5..8]`, or `ARGV[5..]` without an end. */
  last: number;
}

/** The comment lines at the top of a file, without their dashes. */
function headerOf(source: string): string[] {
  const lines = source.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--'));
  return lines.slice(0, end).map((line) => line.replace(/^--\s*/, '').trimEnd());
}

/** Lines such as `KEYS[1]  jobs  hash  …`, `ARGV[2], ARGV[3]  …` or `ARGV[4..]  …`. */
function documented(table: Table, header: string[]): Entry[] {
  const entry = new RegExp(`${table}\\[(\\d+)(\\.\\.+\\s*(\\d*)[^\\]]*)?\\]`, 'g');
  return header
    .filter((line) => line.startsWith(`${table}[`))
    .flatMap((line) => [
      ...(/^(?:(?:KEYS|ARGV)\[[^\]]*\][,\s]*)+/.exec(line)?.[0] ?? '').matchAll(entry),
    ])
    .map(([text, first, range, end]) => ({
      text,
      first: Number(first),
      last: range === undefined ? Number(first) : Number(end || Infinity),
    }));
}

function usedByNumber(table: Table, body: string): number[] {
  const used = [...body.matchAll(new RegExp(`\\b${table}\\[\\s*(\\d+)\\s*\\]`, 'g'))];
  return [...new Set(used.map(([, index]) => Number(index)))];
}

/** `ARGV[i]`, `#ARGV`, `unpack(ARGV, 5)`: what it reaches can only be documented as a range. */
function usedByVariable(table: Table, body: string): boolean {
  return new RegExp(`\\b${table}\\b(?!\\[\\s*\\d+\\s*\\])`).test(body);
}

function undocumented(table: Table, header: string[], body: string): string[] {
  const entries = documented(table, header);
  const missing = usedByNumber(table, body)
    .filter((index) => !entries.some(({ first, last }) => first <= index && index <= last))
    .map((index) => `${table}[${index}]`);
  const lacksRange =
    usedByVariable(table, body) && !entries.some(({ first, last }) => last > first);
  return lacksRange ? [...missing, `${table}[n..]`] : missing;
}

function unused(table: Table, header: string[], body: string): string[] {
  const indexes = usedByNumber(table, body);
  return documented(table, header)
    .filter(({ first, last }) => {
      if (last > first && usedByVariable(table, body)) return false;
      return !indexes.some((index) => first <= index && index <= last);
    })
    .map(({ text }) => text);
}
