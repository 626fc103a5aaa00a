import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

interface Line {
  seconds: number;
  text: string;
}

let compiled: CompiledPackage;
let redis: PrivateRedis;
let child: ChildApp;

beforeAll(async () => {
  [compiled, redis] = await Promise.all([
    compilePackage('sample/03-delivery'),
    startPrivateRedis({ appendonly: true }),
  ]);
});
afterEach(() => child.kill());
afterAll(() => Promise.all([compiled.remove(), redis.stop()]));

/** Runs the sample to its end, which comes by itself. */
async function play(environment: NodeJS.ProcessEnv): Promise<Line[]> {
  child = new ChildApp(join(compiled.dir, 'sample/03-delivery/main.js'), environment);
  expect({ exit: await child.ended, output: child.output }).toMatchObject({ exit: 0 });
  return child.output
    .split('\n')
    .map((line) => /^(\d+\.\d\d) s {2}(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, seconds, text]) => ({ seconds: Number(seconds), text: text! }));
}

it.each([
  ['in memory', () => ({}), 'Jobs are kept in memory.'],
  ['in Redis', () => ({ REDIS_URL: redis.url }), 'Jobs are kept in Redis'],
])('tells the story of each job, %s, and ends by itself', async (_, environment, where) => {
  const lines = await play(environment());
  const told = (about: string) =>
    lines.filter(({ text }) => text.startsWith(about)).map(({ text }) => text);
  const secondsAt = (text: string) => lines.find((line) => line.text === text)!.seconds;

  expect(child.output).toMatch(where);
  expect(told('greet')).toEqual([
    'greet: hello, Ada!',
    'greet: attempt 1 completed',
    'greet: hello, Grace!',
    'greet: attempt 1 completed',
  ]);
  expect(secondsAt('greet: hello, Grace!')).toBeGreaterThanOrEqual(2);
  expect(told('fetch-rates')).toEqual([
    'fetch-rates: attempt 1 failed, the bank does not answer; again in 200 ms',
    'fetch-rates: attempt 2 completed',
  ]);
  const afterTheDeath = lines.findIndex(({ text }) => text.startsWith('dead letters'));
  const charge = lines.filter(({ text }) => /^(charge|dead|history|requeued)/.test(text));
  expect(charge.map(({ text }) => text)).toEqual([
    'charge: attempt 1 failed, the card has expired; again in 200 ms',
    'charge: attempt 2 failed, the card has expired; again in 400 ms',
    'charge: attempt 3 failed, the card has expired; now a dead letter',
    'dead letters of charge: 1; the card has expired',
    expect.stringMatching(/^history of charge: 3 attempts, after pauses of \d+ and \d+ ms$/),
    'requeued with another card: ok',
    'charge: attempt 1 completed',
  ]);
  const [, first, second] = /of (\d+) and (\d+) ms$/.exec(lines[afterTheDeath + 1]!.text)!;
  expect(Number(first)).toBeGreaterThanOrEqual(200);
  expect(Number(second)).toBeGreaterThanOrEqual(400);
  expect(lines.at(-1)!.text).toBe('the end: completed, completed, completed, completed');
});
