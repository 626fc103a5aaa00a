import { applyDecorators } from '@nestjs/common';
import {
  type DataOf,
  type Done,
  HandlerRegistry,
  type InputOf,
  Job,
  JobEventStream,
  JobHandler,
  OnJobEvent,
  type ResultOf,
  WorkerHost,
} from 'nestjs-agenda-redis';
import { type Observable, of } from 'rxjs';
import { expectType } from './expect.js';
import { remind, resize, type Welcome } from './names.js';

declare const handlers: HandlerRegistry;
declare const someName: string;

expectType<Welcome>()({} as DataOf<'send-welcome'>);
expectType<{ at: Date }>()({} as DataOf<typeof remind>);
expectType<{ at: string }>()({} as InputOf<typeof remind>);
expectType<{ bytes: number }>()({} as ResultOf<typeof resize>);
expectType<unknown>()({} as DataOf<'other'>);

/* Functions. */

handlers.define('send-welcome', (job) => expectType<Job<Welcome>>()(job));
handlers.define(resize, async (job) => ({ bytes: job.data.width }));
handlers.define(remind, (job) => expectType<{ at: Date }>()(job.data));
handlers.define('render', (job) => (job.data.page > 1 ? { url: '/' } : job.snooze('1 minute')));
handlers.define('send-welcome', (job: Job<Pick<Welcome, 'userId'>>, done: Done) => done());
handlers.define('other', (job) => job.data.whatever);
handlers.define('other', (job: Job<{ n: number }>) => job.data.n);
handlers.define<{ n: number }>('other', (job) => expectType<number>()(job.data.n));
handlers.define(someName, (job) => job.data.whatever);
// @ts-expect-error -- the job of another name
handlers.define('send-welcome', (job: Job<{ page: number }>) => job.data.page);
// @ts-expect-error -- another result than that of the name
handlers.define('render', (job) => ({ uri: String(job.data.page) }));
// @ts-expect-error -- no result
handlers.define(resize, async () => {});

/* Methods. */

declare function Filled(): ParameterDecorator;

export class Handlers {
  @JobHandler('send-welcome', { attempts: 3 })
  async whole(_job: Job<Welcome>): Promise<void> {}

  @JobHandler('send-welcome')
  async part(job: Job<{ userId: string }>): Promise<string> {
    return job.data.userId;
  }

  @JobHandler('send-welcome')
  nothing(): void {}

  @JobHandler('send-welcome')
  withDone(_job: Job, _done: Done): void {}

  @JobHandler('send-welcome')
  filled(@Filled() _dto: Date, _job: Job<Welcome>): void {}

  @JobHandler('send-welcome')
  untyped(_job: any): void {}

  @JobHandler('render')
  async result(@Filled() _dto: Date): Promise<{ url: string }> {
    return { url: '/' };
  }

  @JobHandler('render')
  stream(_job: Job<{ page: number }>): Observable<{ url: string }> {
    return of({ url: '/' });
  }

  @JobHandler('render')
  async verdict(job: Job<{ page: number }>) {
    return job.data.page > 1 ? { url: '/' } : job.snooze('1 minute');
  }

  @JobHandler(resize)
  protected async token(job: Job<DataOf<typeof resize>>): Promise<ResultOf<typeof resize>> {
    return { bytes: job.data.width };
  }

  @JobHandler(remind)
  transformed(_job: Job<{ at: Date }>): void {}

  @JobHandler('other')
  other(job: Job<{ n: number }>): number {
    return job.data.n;
  }

  @JobHandler(someName)
  named(job: Job<{ n: number }>): number {
    return job.data.n;
  }

  @applyDecorators(JobHandler('other'))
  composed(): void {}

  @applyDecorators(JobHandler('send-welcome') as MethodDecorator)
  composedTyped(_job: Job<Welcome>): void {}

  // @ts-expect-error -- the job of another name
  @JobHandler('send-welcome')
  otherJob(_job: Job<{ page: number }>): void {}

  // @ts-expect-error -- the job of another name
  @JobHandler('send-welcome')
  otherJobToo(@Filled() _dto: Date, _job?: Job<{ page: number }>): void {}

  // @ts-expect-error -- the schema's input, which is not what the handler sees
  @JobHandler(remind)
  input(_job: Job<{ at: string }>): void {}

  // @ts-expect-error -- another result than that of the name
  @JobHandler('render')
  async otherResult(_job: Job<{ page: number }>): Promise<{ uri: string }> {
    return { uri: '/' };
  }

  // @ts-expect-error -- no result
  @JobHandler(resize)
  async noResult(): Promise<void> {}

  // @ts-expect-error -- no method
  @JobHandler('send-welcome')
  property = 1;
}

/* Wherever else a name is, a token may be. */

declare const host: WorkerHost;
declare const stream: JobEventStream;

host.pause(resize);
host.resume('send-welcome');
host.setConcurrency(resize, 3);
stream.on$('failed', resize).subscribe(({ error }) => expectType<Error>()(error));
stream.on$('failed', 'send-welcome');

export class Listeners {
  @OnJobEvent('failed', resize)
  onFailed(_event: { error: Error }): void {}

  @OnJobEvent('failed')
  onAnyFailed(_event: { error: Error }): void {}
}
