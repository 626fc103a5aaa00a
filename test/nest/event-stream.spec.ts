import { Injectable } from '@nestjs/common';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { Engine } from '../../lib/core/engine.js';
import { InvalidOptionError } from '../../lib/core/errors.js';
import { JobScheduler } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  getInstanceToken,
  InjectJobEventStream,
  JobEventStream,
  JobHandler,
  type TypedJobEvent,
} from '../../lib/nest/index.js';
import { Apps, until } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

@Injectable()
class Jobs {
  @JobHandler('good')
  good(): string {
    return 'fine';
  }

  @JobHandler('bad')
  bad(): never {
    throw new Error('always');
  }
}

const start = () =>
  apps.start({
    imports: [
      AgendaRedisModule.forRoot({ backend: new MemoryBackend(), events: { durable: true } }),
    ],
    providers: [Jobs],
  });

it('gives every event of this process with its name, in order', async () => {
  const app = await start();
  const seen: TypedJobEvent[] = [];
  app.get(JobEventStream).events$.subscribe((event) => seen.push(event));

  const job = await app.get(JobScheduler).now('good');
  await until(() => seen.length === 3);

  expect(seen.map(({ type }) => type)).toEqual(['enqueued', 'started', 'completed']);
  expect(seen[2]).toMatchObject({ type: 'completed', job: { id: job.id }, result: 'fine' });
});

it('gives one event, of all jobs or of one name', async () => {
  const app = await start();
  const stream = app.get(JobEventStream);
  const any = firstValueFrom(stream.on$('started'));
  const failed = firstValueFrom(stream.on$('failed', 'bad'));
  await app.get(JobScheduler).now('good');
  await app.get(JobScheduler).now('bad');

  expect((await any).job.name).toBe('good');
  expect((await failed).error.message).toBe('always');
});

it('listens to nothing without a subscriber, and to nothing after the last', async () => {
  const app = await start();
  const stream = app.get(JobEventStream);
  const { events } = app.get(Engine, { strict: false });
  expect(events.wants('enqueued', 'good')).toBe(false);
  const subscription = stream.events$.subscribe();
  expect(events.wants('enqueued', 'good')).toBe(true);

  subscription.unsubscribe();

  expect(events.wants('enqueued', 'good')).toBe(false);
});

it('gives the durable stream, to each subscriber from where it asks', async () => {
  const app = await start();
  const stream = app.get(JobEventStream);
  await app.get(JobScheduler).now('good');
  const all = () => lastValueFrom(stream.durable$({ from: 'start' }).pipe(take(4), toArray()));

  const kinds = (await all()).map(({ kind }) => kind);

  expect(kinds).toEqual(['enqueued', 'started', 'completed', 'emptied']);
  expect((await all()).map(({ kind }) => kind)).toEqual(kinds);
});

it('makes what is wrong with a subscription its error', async () => {
  const stream = (await start()).get(JobEventStream);

  await expect(firstValueFrom(stream.on$('faild' as 'failed'))).rejects.toThrow(InvalidOptionError);
  await expect(firstValueFrom(stream.durable$({ form: 'end' } as object))).rejects.toThrow(
    InvalidOptionError,
  );
});

it('completes everything when the application shuts down, and what is subscribed later', async () => {
  const app = await start();
  const stream = app.get(JobEventStream);
  const ends: string[] = [];
  const subscribe = (when: string) => {
    stream.events$.subscribe({ complete: () => ends.push(`events ${when}`) });
    stream.on$('failed').subscribe({ complete: () => ends.push(`failed ${when}`) });
    stream.durable$().subscribe({ complete: () => ends.push(`durable ${when}`) });
  };
  subscribe('before');

  await app.close();
  subscribe('after');

  await until(() => ends.length === 6);
  expect(ends.sort()).toEqual([
    'durable after',
    'durable before',
    'events after',
    'events before',
    'failed after',
    'failed before',
  ]);
});

it('tells the last ends of a shutdown', async () => {
  const app = await start();
  const seen: string[] = [];
  app.get(JobEventStream).events$.subscribe(({ type }) => seen.push(type));
  const started = firstValueFrom(app.get(JobEventStream).on$('started'));
  await app.get(JobScheduler).now('good');
  await started;

  await app.close();

  expect(seen).toEqual(['enqueued', 'started', 'completed', 'offline']);
});

it('is injected for each instance', async () => {
  @Injectable()
  class User {
    constructor(
      readonly own: JobEventStream,
      @InjectJobEventStream('reports') readonly reports: JobEventStream,
    ) {}
  }
  const app = await apps.start({
    imports: [
      AgendaRedisModule.forRoot({ backend: new MemoryBackend() }),
      AgendaRedisModule.forRoot({ backend: new MemoryBackend(), instance: 'reports' }),
    ],
    providers: [User],
  });
  const { own, reports } = app.get(User);
  const scheduler = app.get<JobScheduler>(getInstanceToken(JobScheduler, 'reports'));
  const seen: string[] = [];
  own.events$.subscribe(() => seen.push('default'));
  reports.events$.subscribe(() => seen.push('reports'));

  await scheduler.now('good');

  expect(seen).toEqual(['reports']);
});
