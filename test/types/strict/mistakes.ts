import type { JobScheduler } from 'nestjs-agenda-redis';

declare const scheduler: JobScheduler;

// @ts-expect-error -- Argument of type '"send-welcom"' is not assignable to parameter of type '"send-welcome"'.
await scheduler.now('send-welcom', { userId: '7' });
