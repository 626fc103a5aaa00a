import { Injectable } from '@nestjs/common';
import { firstValueFrom } from 'rxjs';
import {
  defineJob,
  type EngineOptions,
  HandlerRegistry,
  type Job,
  type JobFailedEvent,
  JobScheduler,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { AgendaRedisModule, JobEventStream, JobHandler, OnJobEvent } from '../../lib/nest/index.js';
import { Apps, until } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

const render = defineJob<{ page: number }, { url: string }>('render', {
  key: ({ page }) => `page-${page}`,
});
const fail = defineJob('fail');

@Injectable()
class Jobs {
  readonly failed: string[] = [];

  @JobHandler(render, { attempts: 2 })
  render(job: Job<{ page: number }>): { url: string } {
    return { url: `/${job.data.page}` };
  }

  @JobHandler(fail)
  fail(): never {
    throw new Error('always');
  }

  @OnJobEvent('failed', fail)
  onFailed({ job }: JobFailedEvent): void {
    this.failed.push(job.name);
  }

  @OnJobEvent('failed', render)
  onRenderFailed({ job }: JobFailedEvent): void {
    this.failed.push(`wrong: ${job.name}`);
  }
}

const start = (worker: EngineOptions['worker'] = true) =>
  apps.start({
    imports: [AgendaRedisModule.forRoot({ backend: new MemoryBackend(), worker })],
    providers: [Jobs],
  });

it('gives the jobs of a token to the method that is decorated with it', async () => {
  const app = await start();

  const result = await app.get(JobScheduler).runAndWait(render, { page: 7 });

  expect(result).toEqual({ url: '/7' });
  expect(app.get(HandlerRegistry).planFor('render').attempts).toBe(2);
});

it('knows what the token of a method says before anybody uses that', async () => {
  const app = await start(false);

  expect((await app.get(JobScheduler).now('render', { page: 7 })).key).toBe('page-7');
});

it('tells listeners of the jobs of a token', async () => {
  const app = await start();
  const told = firstValueFrom(app.get(JobEventStream).on$('failed', fail));

  await app.get(JobScheduler).now('fail');

  expect((await told).job.name).toBe('fail');
  await until(() => app.get(Jobs).failed.length > 0);
  expect(app.get(Jobs).failed).toEqual(['fail']);
});

it('runs the jobs of the tokens alone that `worker.only` lists', async () => {
  const app = await start({ only: [render] });

  expect(app.get(HandlerRegistry).workedNames()).toEqual(['render']);
});
