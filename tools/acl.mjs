// Works out the ACL rules in docs/redis-acl.md: which commands Redis must allow to whom. Read from the scripts,
// whose inner commands run with the rights of whoever sends them, and from the TypeScript that sends commands.
// `node tools/acl.mjs` writes them between the markers of the page.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import luaparse from 'luaparse';
import ts from 'typescript';
import { expand, scriptNames } from './lua.mjs';

const page = fileURLToPath(new URL('../docs/redis-acl.md', import.meta.url));
const sources = fileURLToPath(new URL('../lib/redis/', import.meta.url));
const markers = /(<!-- rules (\S+) -->\n)[^]*?(<!-- end -->)/g;

const keys = '~agenda:* ~{agenda:}*';
const channels = 'resetchannels &agenda:notifications*';

/** What only those do who run jobs; all the others write for producers, or write nothing. */
const handOut = [
  ...['beat-host', 'claim-one', 'claim-row', 'expire-jobs', 'lock-row', 'prune-jobs'],
  ...['release-rows', 'renew-leases', 'rescue-jobs', 'settle-and-claim', 'write-row'],
];

/** What only the command `doctor` runs; and what it shares with others. */
const doctors = scriptNames().filter((script) => script.startsWith('examine-'));
const sharedWithDoctor = ['get-jobs', 'look-at-store', 'open-store', 'page-together', 'scan-jobs'];
/** What it sends itself, from lib/redis/doctor. What a server cannot tell without these it calls not checked. */
const sentByDoctor =
  'ACL|DRYRUN ACL|WHOAMI CLUSTER|INFO CONFIG|GET EVAL EVALSHA HSCAN INFO PING SCAN SLOWLOG|GET SSCAN TIME ZSCAN'.split(
    ' ',
  );

/** Of the commands that scripts use, those that change something. */
export const WRITES = new Set(
  (
    'DEL HDEL HINCRBY HSET LPUSH LTRIM PERSIST PEXPIRE PUBLISH RPUSH SADD SET SREM UNLINK XADD XDEL ' +
    'ZADD ZPOPMIN ZREM ZREMRANGEBYRANK ZREMRANGEBYSCORE'
  ).split(' '),
);

/** Which roles send a command outside of scripts; `extra`: it is told of beside the rules, to be added where it applies. */
const everybody = ['dashboard', 'producer', 'worker'];
const writers = ['producer', 'worker'];
const sent = {
  EVAL: everybody,
  EVALSHA: everybody,
  HSET: writers,
  INFO: everybody,
  PING: everybody,
  PUBLISH: writers,
  SSCAN: everybody,
  SUBSCRIBE: everybody,
  UNSUBSCRIBE: everybody,
  ZRANGEBYSCORE: everybody,
  ZSCAN: everybody,
  SELECT: 'extra',
  WAIT: 'extra',
  // Of the testing kit alone, whose server is nobody's.
  SCAN: 'extra',
  UNLINK: 'extra',
};

/** How variables that hold a client of ioredis end. */
const isClient = /\b(client|master|node|redis)!?( as Redis\))?$/i;
/** What a client has that is no command. */
const notCommands = new Set(['connect', 'disconnect', 'duplicate', 'nodes', 'off', 'on', 'once']);
/** What sends the command that the first text among its arguments names. */
const senders = new Set(['askMasters', 'call', 'command', 'commandAt', 'page']);

const known = new Map();

/** The commands that a script may send. */
export function commandsOf(script) {
  if (!known.has(script)) known.set(script, readCommandsOf(script));
  return known.get(script);
}

function readCommandsOf(script) {
  const code = expand(script);
  const chunk = luaparse.parse(code, { luaVersion: '5.1' });
  const commands = new Set();
  for (const call of callsIn(chunk)) {
    if (!isRedisCall(call)) continue;
    const names = namesIn(call.arguments[0], chunk);
    if (names.length === 0) throw new Error(`${script}: it cannot be told which command is sent`);
    for (const name of names) commands.add(name);
  }
  return commands;
}

/** Which scripts write, so that users who may only read are not allowed to run them. */
export const scriptsThatOnlyRead = () =>
  scriptNames().filter((script) => [...commandsOf(script)].every((name) => !WRITES.has(name)));

/** For each role the commands it needs, in alphabetical order. */
export function commandsByRole() {
  checkSent();
  const readers = scriptsThatOnlyRead();
  const daily = scriptNames().filter((script) => !doctors.includes(script));
  const scripts = {
    dashboard: readers,
    producer: daily.filter((script) => !handOut.includes(script)),
    worker: daily,
  };
  const ofDoctor = [...doctors, ...sharedWithDoctor].flatMap((script) => [...commandsOf(script)]);
  const doctor = [...new Set([...sentByDoctor, ...ofDoctor])].toSorted((a, b) => (a < b ? -1 : 1));
  const others = Object.fromEntries(
    everybody.map((role) => {
      const own = Object.keys(sent).filter((name) => sent[name].includes(role));
      const inner = scripts[role].flatMap((script) => [...commandsOf(script)]);
      return [role, [...new Set([...own, ...inner])].toSorted((a, b) => (a < b ? -1 : 1))];
    }),
  );
  return { ...others, doctor };
}

/** The page as it should be. */
export function rendered(text = readFileSync(page, 'utf8')) {
  const commands = commandsByRole();
  return text.replace(markers, (_, head, role, end) => {
    if (!commands[role]) throw new Error(`docs/redis-acl.md asks for the rules of "${role}"`);
    const allowed = commands[role].map((name) => `+${name.toLowerCase()}`).join(' ');
    const rule = `ACL SETUSER agenda-${role} reset on >password ${keys} ${channels} -@all ${allowed}`;
    return `${head}\n\`\`\`text\n${rule}\n\`\`\`\n\n${end}`;
  });
}

/** A command that is sent from a new place belongs to somebody, and one that is sent no more to nobody. */
function checkSent() {
  const found = commandsInTypeScript();
  const unknown = [...found].filter((name) => !(name in sent));
  const unused = Object.keys(sent).filter((name) => !found.has(name));
  if (unknown.length > 0) throw new Error(`tools/acl.mjs: whose is ${unknown.join(', ')}?`);
  if (unused.length > 0) throw new Error(`tools/acl.mjs: nobody sends ${unused.join(', ')}`);
}

function commandsInTypeScript() {
  const found = new Set();
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression: target, name } = node.expression;
      const named = node.arguments.find(ts.isStringLiteral);
      if (senders.has(name.text) && named) {
        found.add(named.text.toUpperCase());
      } else if (isClient.test(target.getText()) && !notCommands.has(name.text)) {
        if (!senders.has(name.text)) found.add(name.text.toUpperCase());
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const file of readdirSync(sources).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(`${sources}${file}`, 'utf8');
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  }
  return found;
}

const callsIn = (node) => nodesIn(node, 'CallExpression');

/** All of this type in a part of a script, or in a list of parts. */
function nodesIn(node, type) {
  if (typeof node !== 'object' || node === null) return [];
  const own = node.type === type ? [node] : [];
  return [...own, ...Object.values(node).flatMap((part) => nodesIn(part, type))];
}

const isRedisCall = ({ base }) =>
  base.type === 'MemberExpression' &&
  base.base.name === 'redis' &&
  ['call', 'pcall'].includes(base.identifier.name);

/** The commands that an argument may name: as text in it, or as what calls pass for a parameter. */
function namesIn(argument, chunk) {
  if (argument.type !== 'Identifier') return textsIn(argument).filter(isCommand);
  return nodesIn(chunk, 'FunctionDeclaration').flatMap(({ identifier, parameters }) => {
    const at = parameters.findIndex(({ name }) => name === argument.name);
    if (at < 0 || !identifier) return [];
    const calls = callsIn(chunk).filter(({ base }) => base.name === identifier.name);
    return calls.flatMap((call) => textsIn(call.arguments[at] ?? {})).filter(isCommand);
  });
}

const isCommand = (text) => /^[A-Z]+$/.test(text);

const textsIn = (node) =>
  node.type === 'StringLiteral'
    ? [node.value ?? node.raw.slice(1, -1)]
    : [node.left, node.right].filter(Boolean).flatMap(textsIn);

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, rendered());
