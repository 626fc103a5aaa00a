import { jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RedisBackend } from '../../lib/redis/index.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { claim, completed, job, newPrefix, makeStand } from './support.js';

/*
 * A try that was given up may still lie in a socket, and reach Redis long after its repeat was carried
 * out, and after what came of that.
 */

const url = process.env.TEST_REDIS_URL!;
const { cleanups, redis } = makeStand();

const row = { name: 'mail', priority: 0, nextRunAt: new Date(0), type: 'normal', data: 1 } as const;

function open(connectionString = url, keyPrefix = newPrefix()) {
  const backend = new RedisBackend({ connectionString, keyPrefix });
  cleanups.push(() => backend.disconnect());
  const { repository, broker, manager } = backend;
  return { backend, repository, broker, manager, keyPrefix };
}

/** What the next script call sends, to be sent again. */
function recordCall(): () => Promise<unknown> {
  const call = jest.spyOn(Redis.prototype, 'evalsha');
  cleanups.push(() => call.mockRestore());
  return () => redis.evalsha(...call.mock.calls[0]!);
}

it('of a save does not bring back the time of a job that has run', async () => {
  const { backend, repository, broker, manager } = open();
  await backend.connect();
  const sendAgain = recordCall();
  const { _id: id } = await repository.saveJob({ ...row });
  const { jobs } = await broker.settleAndClaim([], claim());
  await broker.settleAndClaim([completed(jobs[0]!.lease)], claim(0));

  await sendAgain();

  expect(await manager.get(id!)).toMatchObject({ nextRunAt: null, attempt: 1 });
  expect((await broker.settleAndClaim([], claim())).jobs).toEqual([]);
});

it('of an add does not bring back a job that has run and was removed', async () => {
  const { backend, broker } = open();
  await backend.connect();
  const sendAgain = recordCall();
  // What a job is given along may look like what it is known by.
  await broker.enqueue([job(), job({ context: { nonce: 'ab12' } })]);
  const { jobs } = await broker.settleAndClaim([], claim());
  const ends = jobs.map(({ lease }) => completed(lease, { remove: true }));
  expect((await broker.settleAndClaim(ends, claim(0))).answers).toEqual(['ok', 'ok']);
  await sleep(2_100);

  await sendAgain();

  expect((await broker.settleAndClaim([], claim())).jobs).toEqual([]);
});

it('of a claim is nothing for who has left: its row goes back, and is claimed elsewhere at once', async () => {
  const proxy = await TcpProxy.to(Number(new URL(url).port));
  cleanups.push(() => proxy.close());
  const leaving = open(proxy.url);
  const staying = open(url, leaving.keyPrefix);
  await leaving.backend.connect();
  await leaving.repository.saveJob({ ...row });
  const next = ({ repository }: typeof leaving) =>
    repository.getNextJobToRun('mail', new Date(), new Date(0), undefined);
  proxy.delay(50);

  const claimed = next(leaving);
  await sleep(20);
  await leaving.backend.disconnect();

  expect(await claimed).toBeUndefined();
  expect(await next(staying)).toMatchObject({ name: 'mail' });
});

it('of a renewal keeps healthy leases although one of them has lost its entry', async () => {
  const { backend, broker, keyPrefix } = open();
  await backend.connect();
  await broker.enqueue([job(), job()]);
  const { jobs } = await broker.settleAndClaim([], claim());
  const leases = jobs.map(({ lease }) => lease);
  await redis.zrem(`${keyPrefix}leases`, leases[0]!.id);

  expect((await broker.renew(leases, 60_000)).lost).toEqual([]);
  expect(await redis.zcard(`${keyPrefix}leases`)).toBe(2);
});
