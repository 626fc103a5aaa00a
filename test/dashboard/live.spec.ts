import { jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { connect } from 'node:net';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { ConnectionError, Engine, type JobScheduler } from '../../lib/core/index.js';
import type { JobNews } from '../../lib/dashboard/index.js';
import { EventStream } from '../../lib/dashboard/live/event-stream.js';
import { JobHandler } from '../../lib/nest/index.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { until } from '../nest/support.js';
import { newPrefix } from '../redis/support.js';
import { atEnd, closeDashboards, PLATFORMS, startDashboard } from './support.js';
import { Viewer } from './viewer.js';

afterEach(closeDashboards);

@Injectable()
class Mail {
  @JobHandler('mail')
  send(): void {}

  @JobHandler('bill', { attempts: 1 })
  bill(): never {
    throw new Error('no paper');
  }
}

const metadata = { providers: [Mail] };
const isOf =
  (id: string, event: JobNews['event']) =>
  (news: readonly JobNews[]): boolean =>
    news.some((one) => one.id === id && one.event === event);

describe.each(PLATFORMS)('live updates on %s', (platform) => {
  it('begin with the overview, and go on with what happens', async () => {
    const dashboard = await startDashboard({ platform, metadata });
    const viewer = await Viewer.open(dashboard);

    const first = await viewer.sees('overview');
    const mail = await dashboard.scheduler.now('mail');
    const bill = await dashboard.scheduler.now('bill');

    expect(viewer.response.headers.get('content-type')).toMatch('text/event-stream');
    expect(viewer.response.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(first.totals.total).toBe(0);
    await viewer.sees('jobs', isOf(mail.id, 'start'));
    await viewer.sees('jobs', isOf(mail.id, 'success'));
    await viewer.sees('jobs', isOf(bill.id, 'fail'));
    await viewer.sees('overview', ({ totals }) => totals.completed === 1 && totals.dead === 1);
  });

  it('end when the application closes, which waits for nobody who looks', async () => {
    const dashboard = await startDashboard({ platform, metadata });
    const viewers = await Promise.all([Viewer.open(dashboard), Viewer.open(dashboard)]);
    await viewers[0]!.sees('overview');

    await dashboard.app.close();

    const ends = await Promise.all(viewers.map(({ ended }) => ended));
    expect(ends).toHaveLength(2);
  });
});

it('tell what happens in other processes, too', async () => {
  const store = { connectionString: process.env.TEST_REDIS_URL!, keyPrefix: newPrefix() };
  const dashboard = await startDashboard({
    backend: new RedisBackend(store),
    agenda: { worker: false },
  });
  const elsewhere = new Engine(new RedisBackend(store));
  elsewhere.handlers.define('mail', () => undefined);
  atEnd(() => elsewhere.close());
  await elsewhere.connect();
  await elsewhere.workerHost.start();
  const viewer = await Viewer.open(dashboard);
  await viewer.sees('overview');

  // News may be lost while the others do not know yet that somebody listens.
  await until(async () => {
    const { id } = await elsewhere.scheduler.now('mail');
    await elsewhere.scheduler.waitFor(id);
    return viewer.all('jobs').some((news) => news.some(({ event }) => event === 'success'));
  });

  const overview = await viewer.sees('overview', ({ totals }) => totals.completed > 0);
  expect(overview.hosts).toBe(1);
});

it('cost nothing while nobody looks', async () => {
  const dashboard = await startDashboard({ metadata });
  const { scheduler } = dashboard;
  const listening = listenersOf(scheduler);

  const viewers = await Promise.all([Viewer.open(dashboard), Viewer.open(dashboard)]);
  const whileTwoLook = listening();
  await viewers[0]!.leave();
  const whileOneLooks = listening();
  await viewers[1]!.leave();
  await until(() => listening() === 0);
  const again = await Viewer.open(dashboard);
  const { id } = await scheduler.now('mail');
  await again.sees('jobs', isOf(id, 'complete'));

  expect(whileTwoLook).toBeGreaterThan(0);
  expect(whileOneLooks).toBe(whileTwoLook);
  expect(listening()).toBe(whileTwoLook);
});

it('read the overview once for all who look', async () => {
  const dashboard = await startDashboard({ metadata });
  const reads = jest.spyOn(dashboard.scheduler, 'counts');

  await Promise.all([
    Viewer.open(dashboard),
    Viewer.open(dashboard),
    dashboard.get('api/overview'),
    dashboard.get('api/overview'),
  ]);

  expect(reads).toHaveBeenCalledTimes(1);
});

it('stop with the last one who looks, also when another has left while its overview was read', async () => {
  const dashboard = await startDashboard({ metadata });
  const timers = timersUnderWay();
  const viewer = await Viewer.open(dashboard);
  const counts = dashboard.scheduler.counts.bind(dashboard.scheduler);
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const reads = jest.spyOn(dashboard.scheduler, 'counts').mockImplementation((async () => {
    await held;
    return counts();
  }) as JobScheduler['counts']);
  await until(() => reads.mock.calls.length > 0);
  const server = dashboard.app.getHttpServer() as Server;
  const asked = once(server, 'request') as Promise<[unknown, ServerResponse]>;
  const hasty = connect(Number(new URL(dashboard.origin).port), '127.0.0.1');
  hasty.write('GET /jobs/api/live HTTP/1.1\r\nHost: a\r\n\r\n');
  const [, response] = await asked;
  hasty.destroy();
  await once(response, 'close');
  release();
  await until(() => viewer.all('overview').length > 0);
  await Promise.all(reads.mock.results.map(({ value }) => value as Promise<unknown>));
  await viewer.leave();

  await until(() => timers() === 0);
  expect(viewer.all('overview').length).toBeGreaterThan(0);
});

it('are over at once for who asks for headers alone', async () => {
  const dashboard = await startDashboard({ metadata });

  const response = await dashboard.fetch('api/live', { method: 'HEAD' });
  await dashboard.app.close();

  expect(response.status).toBe(200);
});

it('end when the store no longer answers, and whoever comes again is told why', async () => {
  const dashboard = await startDashboard({ metadata });
  const viewer = await Viewer.open(dashboard);
  await viewer.sees('overview');
  const reads = jest.spyOn(dashboard.scheduler, 'counts');
  reads.mockRejectedValue(new ConnectionError('Redis is away.', true));

  await viewer.ended;
  const refused = await dashboard.answer('api/live');
  reads.mockRestore();
  const back = await Viewer.open(dashboard);

  expect(refused).toMatchObject({
    status: 503,
    body: { error: 'ConnectionError', message: 'Redis is away.' },
  });
  await back.sees('overview');
});

describe('a stream to one that takes nothing of what is sent', () => {
  async function startStalled() {
    const answers: ServerResponse[] = [];
    const server = createServer((_request, response) => answers.push(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    atEnd(() => server.close());
    const { port } = server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    atEnd(() => socket.destroy());
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => answers.length > 0);
    return { stream: new EventStream(answers[0]), response: answers[0]!, socket };
  }
  const news = (length: number) => [
    { id: 'x'.repeat(length), name: 'mail', event: 'start' as const },
  ];

  it('is cut off', async () => {
    const { stream, response, socket } = await startStalled();

    await until(() => {
      stream.send('jobs', news(1_000_000));
      return response.destroyed;
    });
    expect(socket.bytesRead).toBe(0);
  });

  it('goes on when all is taken after a while, also one event that is longer than what may wait', async () => {
    const { stream, response, socket } = await startStalled();
    let taken = 0;

    stream.send('jobs', news(6_000_000));
    socket.on('data', ({ length }) => (taken += length)).resume();

    await until(() => taken > 6_000_000);
    expect(response.destroyed).toBe(false);
  });
});

/** How many intervals are under way that have begun since. */
function timersUnderWay(): () => number {
  const begun = jest.spyOn(globalThis, 'setInterval');
  const ended = jest.spyOn(globalThis, 'clearInterval');
  return () => {
    const over = new Set<unknown>(ended.mock.calls.map(([timer]) => timer));
    return begun.mock.results.filter(({ value }) => !over.has(value)).length;
  };
}

/** How many listeners there are more than at the beginning. */
function listenersOf(scheduler: JobScheduler): () => number {
  const on = jest.spyOn(scheduler, 'on');
  const off = jest.spyOn(scheduler, 'off');
  return () => on.mock.calls.length - off.mock.calls.length;
}
