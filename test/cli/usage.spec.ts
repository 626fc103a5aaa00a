import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../lib/cli/command-table.js';
import { command, commandIn } from './support.js';

const names = Object.keys(COMMANDS);
const HERE = fileURLToPath(import.meta.url);

it.each([
  [[]],
  [['repair']],
  [['constructor']],
  [['repartition']],
  [['repartition', '--from', '1']],
  [['repartition', '--from', 'one', '--to', '8']],
  [['repartition', '--from', '1', '--to', '257']],
  [['repartition', '--from', '1', '--to', '8', '--frmo', '1']],
  [['repartition', '--from', '1', '--to', '8', '--ca', '/no/such/file']],
  [['enqueue']],
  [['enqueue', 'mail', 'letter']],
  [['enqueue', 'mail', '--data', '{']],
  [['enqueue', 'mail', '--data', '@/no/such/file']],
  [['enqueue', 'mail', '--attempts', '0']],
  [['enqueue', 'mail', '--timezone', 'Europe/Paris']],
  [['list', 'mail']],
  [['list', '--limit', '0']],
  [['list', '--limit', '1e3']],
  [['list', '--data', 'x']],
  [['show']],
  [['show', 'a', 'b']],
  [['show', 'a', '--follow', '--json']],
  [['counts', 'a', 'b']],
  [['cancel']],
  [['cancel', 'id', '--name', 'mail']],
  [['cancel', '--data', '{}']],
  [['disable', '--data', '{}']],
  [['enable', '--data', '{}']],
  [['cancel', '--data', '{"a":1}', '--data', '{"b":2}']],
  [['list', '--state', 'queued', '--state', 'dead']],
  [['promote']],
  [['promote', 'id', '--limit', '3']],
  [['disable']],
  [['enable']],
  [['remove']],
  [['requeue']],
  [['clean']],
  [['clean', '--state', 'completed']],
  [['clean', '--state', 'queued', '--older-than', '0']],
  [['dead']],
  [['dead', 'bury']],
  [['dead', 'list', '--reason', 'exhuasted']],
  [['dead', 'requeue']],
  [['dead', 'purge']],
  [['dead', 'purge', '--older-than', '1 day']],
  [['schedules', '--runs', '51']],
  [['top', '--every', '1 ms']],
  [['hosts', '--cluster', '--sentinel', 'localhost']],
])('answers %j with what is wrong, and the exit code 2', async (args) => {
  const { code, out, err } = await command(...args);

  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('--');
});

it.each([
  ['no url at all', {}, []],
  ['a url that is none', {}, ['--url', 'localhost']],
  ['a url of another kind', {}, ['--url', 'http://localhost:6379']],
  ['a url of another kind for a Cluster', {}, ['--cluster', '--url', 'http://localhost:6379']],
  ['a url with a broken escape', {}, ['--url', 'redis://user:%zz-s3cret@localhost']],
  ['a database on a Cluster', {}, ['--cluster', '--url', 'redis://localhost/3']],
  ['a certificate without TLS', {}, ['--url', 'redis://localhost', '--ca', HERE]],
  [
    'a certificate without TLS for a Cluster',
    {},
    ['--cluster', '--url', 'redis://localhost', '--ca', HERE],
  ],
  ['a certificate without its key', {}, ['--url', 'rediss://localhost', '--cert', HERE]],
  ['a Sentinel that is no address', {}, ['--url', 'redis://main', '--sentinel', 'a/b']],
  ['a Sentinel with half a port', {}, ['--url', 'redis://main', '--sentinel', '10.0.0.1:263x']],
  ['a Sentinel with no such port', {}, ['--url', 'redis://main', '--sentinel', 'host:99999']],
  ['a Sentinel of IPv6 without brackets', {}, ['--url', 'redis://main', '--sentinel', '::1']],
  ['the password of a wrong url', {}, ['--url', 'redis:/user:s3cret@localhost']],
])('refuses %s, and shows no password', async (_, environment, connection) => {
  const { code, said } = await commandIn({ environment }, 'counts', ...connection);

  expect(code).toBe(2);
  expect(said).not.toContain('s3cret');
});

it.each([
  ['cancel', ''],
  ['cancel', 'one', ''],
  ['remove', ''],
  ['requeue', ''],
  ['promote', ''],
  ['show', ''],
])('does not take an empty word for an id: %s', async (...args) => {
  const { code, err } = await command(...args);

  expect(code).toBe(2);
  expect(err).toContain('An empty word is no id and no name.');
});

it('shows no password of a url that stands where none belongs', async () => {
  const { code, said } = await command('list', 'redis://user:s3c@ret@localhost');

  expect(code).toBe(2);
  expect(said).toContain('redis://user:***@localhost');
});

it.each(names)('explains %s without connecting to anything', async (name) => {
  const { code, out, err } = await commandIn({ environment: {} }, name, '--help');

  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(`nestjs-agenda-redis ${name}`);
  expect(out).toContain('--url');
});

it('lists every command with its purpose, group by group', async () => {
  const { code, out } = await commandIn({ environment: {} }, '--help');

  expect(code).toBe(0);
  for (const [name, { group, purpose }] of Object.entries(COMMANDS)) {
    expect(out).toMatch(new RegExp(`^  ${name} +${purpose.slice(0, 20)}`, 'm'));
    expect(out.split('\n')).toContain(group);
  }
});

it('tells errors as JSON where JSON is asked for', async () => {
  const { code, out, err } = await command('list', '--limit', 'x', '--json');

  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(JSON.parse(err)).toEqual({
    error: { name: 'UsageError', message: expect.stringContaining('--limit') },
  });
});

it.each([[[]], [['--json']]])(
  'spells out in errors what a terminal would obey, with %j',
  async (more) => {
    const { err } = await command('list', 'a\u009b2J\u202e', ...more);

    expect(err).toContain('a\\u009b2J\\u202e');
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    expect(err).not.toMatch(/[\x7f-\x9f\u202e]/);
  },
);

it.each(names.filter((name) => !['repartition', 'doctor'].includes(name)))(
  'fails with a line that names the server and not the password where there is none: %s',
  async (name) => {
    const url = 'redis://user:s3cret@127.0.0.1:1';
    const { code, err } = await command(...SOMETHING[name]!, '--url', url);

    expect(code).toBe(1);
    expect(err).toContain('127.0.0.1:1');
    expect(err).not.toContain('s3cret');
    expect(err).not.toContain('waitForRedis');
    expect(err.split('\n')).toHaveLength(1);
  },
);

/** What each command takes. */
const SOMETHING: Readonly<Record<string, readonly string[]>> = {
  counts: ['counts'],
  top: ['top'],
  schedules: ['schedules'],
  hosts: ['hosts'],
  enqueue: ['enqueue', 'mail'],
  list: ['list'],
  show: ['show', 'id'],
  promote: ['promote', 'id'],
  disable: ['disable', 'id'],
  enable: ['enable', 'id'],
  cancel: ['cancel', 'id'],
  remove: ['remove', 'id'],
  clean: ['clean', '--state', 'dead', '--older-than', '0'],
  dead: ['dead', 'list'],
  requeue: ['requeue', 'id'],
  pause: ['pause'],
  resume: ['resume'],
};

it('fails with such a line for a change of partitions, too', async () => {
  const url = 'redis://user:s3cret@127.0.0.1:1';
  const { code, said } = await command('repartition', '--url', url, '--from', '1', '--to', '8');

  expect(code).toBe(1);
  expect(said).toContain('127.0.0.1:1');
  expect(said).not.toContain('s3cret');
});

it('makes no store where there is none', async () => {
  const { code, err } = await command('enqueue', 'mail', '--prefix', 'no-such-store:');

  expect(code).toBe(1);
  expect(err).toContain('There is no store under the prefix "no-such-store:"');
});
