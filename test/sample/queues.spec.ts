import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';

let compiled: CompiledPackage;
let redis: PrivateRedis;
let child: ChildApp | undefined;

beforeAll(async () => {
  [compiled, redis] = await Promise.all([compilePackage('sample/02-queues'), startPrivateRedis()]);
});
afterAll(async () => {
  await child?.kill();
  await Promise.all([compiled.remove(), redis.stop()]);
});

/** Runs the sample to its end, which comes by itself. @returns what it told, without the seconds */
async function play(environment: NodeJS.ProcessEnv): Promise<string[]> {
  child = new ChildApp(join(compiled.dir, 'sample/02-queues/main.js'), environment);
  expect({ exit: await child.ended, output: child.output }).toMatchObject({ exit: 0 });
  return [...child.output.matchAll(/^\d+\.\d\d s {2}(.*)$/gm)].map(([, text]) => text!);
}

describe.each([
  ['in memory', () => ({}), 'Jobs are kept in memory.'],
  ['in Redis', () => ({ REDIS_URL: redis.url }), 'Jobs are kept in Redis'],
])('seven queues, %s', (_, environment, where) => {
  let told: string[] = [];
  const toldOf = (queue: string) =>
    told
      .filter((text) => text.startsWith(`${queue}: `))
      .map((text) => text.slice(queue.length + 2));

  beforeAll(async () => {
    told = await play(environment());
  });

  it('says where its jobs are', () => {
    expect(child!.output).toMatch(where);
  });

  it('email: all are sent, and never more than ten within a second', () => {
    const [line] = toldOf('email');
    const [, sent, inASecond] = /^(\d+) sent, (\d+) in a second$/.exec(line!)!;
    expect(sent).toBe('25');
    expect(Number(inASecond)).toBeLessThanOrEqual(10);
  });

  it('notification: three messages in a row are one notification, with the newest data', () => {
    expect(toldOf('notification')).toEqual(['3 new messages in general']);
  });

  it('import: every line becomes one job, and every job is done', () => {
    expect(toldOf('import')).toEqual(['people.csv has become 250 jobs', '250 rows are stored']);
  });

  it('export: two clicks make one job, and who waits gets its result', () => {
    expect(toldOf('export')).toEqual(['two clicks, one job, and its file is ann.csv']);
  });

  it('media: one at a time, and what takes too long is ended', () => {
    expect(toldOf('media')).toEqual([
      'holiday.mov begins',
      'holiday.mov is done',
      'endless.mov begins',
      expect.stringMatching(/took longer than its timeout of 500 ms\. It is a dead letter now\.$/),
      'birthday.mov begins',
      'birthday.mov is done',
    ]);
  });

  it('webhook: each host gets its events in their order, whatever another does', () => {
    const events = toldOf('webhook');
    expect(events.filter((text) => text.startsWith('shop.example'))).toEqual([
      'shop.example does not answer to order-1',
      'shop.example got order-1 (attempt 2)',
      'shop.example got order-2 (attempt 1)',
      'shop.example got order-3 (attempt 1)',
    ]);
    expect(events.filter((text) => text.startsWith('bank.example'))).toEqual([
      'bank.example got order-1 (attempt 1)',
      'bank.example got order-2 (attempt 1)',
      'bank.example got order-3 (attempt 1)',
    ]);
    const bankIsServed = events.indexOf('bank.example got order-3 (attempt 1)');
    expect(bankIsServed).toBeLessThan(events.indexOf('shop.example got order-3 (attempt 1)'));
  });

  it('cleanup: runs by itself', () => {
    expect(toldOf('cleanup')).toEqual(['removed 1 export']);
  });
});
