import { inspect } from 'node:util';
import {
  BackendFullError,
  ConnectionError,
  IncompatibleStoreError,
  InvalidOptionError,
} from '../../lib/core/errors.js';
import {
  gaveUp,
  isPassing,
  isRoleChange,
  isUnknownScript,
  translated,
  unreachable,
} from '../../lib/redis/redis-errors.js';
import { parseUrl, redacted } from '../../lib/redis/redis-options.js';

/** As Redis 6 says what a command of a script was answered. */
const wrapped = (reply: string): string =>
  `ERR Error running script (call to f_6b1bf486c81ceb7edf3c093f4c48582e38c0e791): @user_script:12: @user_script: 12: -${reply}`;
const READONLY = "READONLY You can't write against a read only replica.";
const OOM = "OOM command not allowed when used memory > 'maxmemory'.";

describe('an error that passes', () => {
  it.each([
    READONLY,
    `${READONLY} script: 6b1bf486c8, on @user_script:12.`,
    wrapped(READONLY),
    'LOADING Redis is loading the dataset in memory',
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'CLUSTERDOWN Hash slot not served',
    wrapped('CLUSTERDOWN The cluster is down'),
    'NOREPLICAS Not enough good replicas to write.',
    wrapped('NOREPLICAS Not enough good replicas to write.'),
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    wrapped('MISCONF Errors writing to the AOF file'),
    'Command timed out',
    'Connection is closed.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'MOVED 3999 127.0.0.1:6381',
    'ASK 3999 127.0.0.1:6381',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'None of startup nodes is available',
    'Too many Cluster redirections. Last error: ReplyError: MOVED 3999 127.0.0.1:6381',
    'Cluster is ended.',
    'Cluster is disconnecting.',
    'All sentinels are unreachable. Retrying from scratch after 300ms. Last error: Connection is closed.',
    'All sentinels are unreachable and retry is disabled.',
  ])('%s', (message) => {
    expect(isPassing(new Error(message))).toBe(true);
  });

  it.each(['Connection is closed.', 'timeout', 'CLUSTERDOWN The cluster is down'])(
    'said by the last node of a Cluster: %s',
    (message) => {
      expect(isPassing(allFailed(message))).toBe(true);
    },
  );
});

/** As ioredis says that no node could be asked. */
const allFailed = (message: string): Error =>
  Object.assign(new Error('Failed to refresh slots cache.'), {
    name: 'ClusterAllFailedError',
    lastNodeError: new Error(message),
  });

describe('an error that lasts', () => {
  it.each([
    'ERR value is not an integer or out of range',
    wrapped('WRONGTYPE Operation against a key holding the wrong kind of value'),
    'ERR no such job: READONLY',
    'NOSCRIPT No matching script. Please use EVAL.',
    'ERR Error running script (call to f_6b): @user_script:3: attempt to index a nil value',
    OOM,
    'READONLYISH',
    'All sentinels are unreachable and retry is disabled. Last error: WRONGPASS invalid username-password pair or user is disabled.',
  ])('%s', (message) => {
    expect(isPassing(new Error(message))).toBe(false);
  });

  it.each([
    ['NOAUTH Authentication required.', ConnectionError, 'does not let us in'],
    [
      'ERR This instance has cluster support disabled',
      IncompatibleStoreError,
      'no node of a Cluster',
    ],
  ])('said by the last node of a Cluster, and in our words: %s', (message, Kind, words) => {
    const error = allFailed(message);
    expect(isPassing(error)).toBe(false);
    expect(translated(error, 'a:1, b:2')).toBeInstanceOf(Kind);
    expect(String(translated(error, 'a:1, b:2'))).toContain(words);
  });
});

describe('a change of roles', () => {
  it.each([
    READONLY,
    wrapped(READONLY),
    'ERR WAIT cannot be used with replica instances. Please also note that writes to replicas are just local.',
  ])('is seen in: %s', (message) => {
    expect(isRoleChange(new Error(message))).toBe(true);
    expect(isPassing(new Error(message))).toBe(true);
  });

  it('is not seen in other errors', () => {
    expect(isRoleChange(new Error(wrapped('MISCONF Errors writing to the AOF file')))).toBe(false);
  });
});

it('knows a script that the server forgot', () => {
  expect(isUnknownScript(new Error('NOSCRIPT No matching script. Please use EVAL.'))).toBe(true);
});

describe('translation', () => {
  it.each([
    [OOM, BackendFullError],
    [wrapped(OOM), BackendFullError],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', IncompatibleStoreError],
    [wrapped('WRONGTYPE Operation against a key'), IncompatibleStoreError],
    [
      'ERR Error running script (call to f_6b): @user_script:142: WRONGTYPE Operation against a key',
      IncompatibleStoreError,
    ],
    ['NOAUTH Authentication required.', ConnectionError],
    ['WRONGPASS invalid username-password pair or user is disabled.', ConnectionError],
    ['ERR invalid password', ConnectionError],
    [wrapped("NOPERM this user has no permissions to run the 'hget' command"), ConnectionError],
    ['ERR syntax error', Error],
  ])('%s', (message, type) => {
    const given = new Error(message);
    const error = translated(given, 'host:6379') as Error;

    expect(error.constructor).toBe(type);
    expect(error.constructor === Error ? error : error.cause).toBe(given);
  });
});

it('leaves the outcome open of a script that came to what its user may not do', () => {
  const reply = "NOPERM this user has no permissions to run the 'hget' command";
  const outcomeOf = (...args: Parameters<typeof translated>): boolean =>
    (translated(...args) as ConnectionError).outcomeKnown;

  expect(outcomeOf(new Error(reply), 'host:6379')).toBe(true);
  expect(outcomeOf(new Error(wrapped(reply)), 'host:6379')).toBe(false);
  expect(outcomeOf(new Error(reply), 'host:6379', false)).toBe(false);
});

it('travels without the arguments of its command: passwords, and the data of jobs', () => {
  const reply = Object.assign(new Error('ERR no'), {
    command: { name: 'evalsha', args: ['hush'] },
  });
  const ofCluster = Object.assign(new Error('all failed'), {
    lastNodeError: Object.assign(new Error('WRONGPASS'), {
      command: { name: 'auth', args: ['hush'] },
    }),
  });

  for (const error of [
    translated(reply, 'localhost'),
    gaveUp('localhost', 100, true, ofCluster),
    unreachable('localhost', 100, ofCluster),
  ]) {
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hush');
  }
  expect(reply).toMatchObject({ command: { name: 'evalsha' } });
});

it.each([
  ['redis://user:hush@cache:6379/0', 'redis://user:***@cache:6379/0'],
  ['redis://:hu@sh/hush@cache', 'redis://:***@cache'],
  ['user:hush@cache:6379', 'user:***@cache:6379'],
  ['redis:/user:hush@cache', 'redis:***@cache'],
  ['redis://cache:6379', 'redis://cache:6379'],
])('shows the address %s without what is secret in it', (text, shown) => {
  expect(redacted(text)).toBe(shown);
});

it.each(['redis://user:%zz-hush@cache', 'redis://%zz:hush@cache'])(
  'refuses the broken escape of %s without what is secret in it',
  (text) => {
    const refused = (): unknown => parseUrl(text, undefined);

    expect(refused).toThrow(InvalidOptionError);
    expect(refused).not.toThrow(/hush/);
  },
);
