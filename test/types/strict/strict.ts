import {
  Job,
  JobHandler,
  type HandlerRegistry,
  type JobScheduler,
  type WorkerHost,
} from 'nestjs-agenda-redis';
import { defineJob } from 'nestjs-agenda-redis';

declare module 'nestjs-agenda-redis' {
  interface JobTypes {
    'send-welcome': { userId: string };
  }
  interface JobTyping {
    strict: true;
  }
}

declare const scheduler: JobScheduler;
declare const handlers: HandlerRegistry;
declare const host: WorkerHost;
declare const someName: string;

const resize = defineJob<{ width: number }>('resize');

await scheduler.now('send-welcome', { userId: '7' });
await scheduler.now(resize, { width: 1 });
await scheduler.now(someName, 7);
await scheduler.schedule('in 5 minutes', ['send-welcome'], { userId: '7' });
await scheduler.every('1 hour', someName);
await scheduler.enqueueMany([{ name: 'send-welcome', data: { userId: '7' } }, { name: someName }]);
await scheduler.find({ name: 'send-welcome' });
await scheduler.cancel({ names: ['send-welcome', resize] });
await scheduler.cancel('some-id');
await scheduler.pause('send-welcome');
handlers.define(someName, () => {});

// @ts-expect-error -- a name that is not declared
await scheduler.now('send-welcom', { userId: '7' });
// @ts-expect-error -- a name that is not declared
await scheduler.schedule('in 5 minutes', 'send-welcom', { userId: '7' });
// @ts-expect-error -- a name that is not declared
await scheduler.every('1 hour', ['send-welcome', 'send-welcom'], { userId: '7' });
// @ts-expect-error -- a name that is not declared
scheduler.create('send-welcom');
// @ts-expect-error -- a name that is not declared
await scheduler.runAndWait('send-welcom');
// @ts-expect-error -- a name that is not declared
await scheduler.enqueueMany([{ name: 'send-welcom' }]);
// @ts-expect-error -- a name that is not declared
await scheduler.enqueueMany([1], { map: () => ({ name: 'send-welcom' }) });
// @ts-expect-error -- a name that is not declared
await scheduler.find({ name: 'send-welcom' });
// @ts-expect-error -- a name that is not declared
await scheduler.cancel({ names: ['send-welcom'] });
// @ts-expect-error -- a name that is not declared
await scheduler.pause('send-welcom');
// @ts-expect-error -- a name that is not declared
await scheduler.counts('send-welcom');
// @ts-expect-error -- a name that is not declared
scheduler.limits('send-welcom');
// @ts-expect-error -- a name that is not declared
host.setConcurrency('send-welcom', 1);
// @ts-expect-error -- a name that is not declared
handlers.define('send-welcom', () => {});

export class Handlers {
  @JobHandler('send-welcome')
  declared(_job: Job<{ userId: string }>): void {}

  @JobHandler(someName)
  text(_job: Job<{ userId: string }>): void {}

  // @ts-expect-error -- a name that is not declared
  @JobHandler('send-welcom')
  misspelt(): void {}
}
