import { defineJob } from 'nestjs-agenda-redis';
import * as v from 'valibot';

/* The names of an application, as its own code would declare them. */

export interface Welcome {
  userId: string;
  note?: string;
}

declare module 'nestjs-agenda-redis' {
  interface JobTypes {
    'send-welcome': Welcome;
    'send-tips': { userId: string; tips: string[] };
    render: { page: number };
    sweep: undefined;
    switch: boolean;
  }
  interface JobResults {
    render: { url: string };
    count: number;
  }
}

// The entry `./core` has the same interfaces: what is declared there counts everywhere, too.
declare module 'nestjs-agenda-redis/core' {
  interface JobTypes {
    archive: { before: string };
  }
}

export const resize = defineJob<{ width: number }, { bytes: number }>('resize');

export const remind = defineJob('remind', {
  schema: v.object({ at: v.pipe(v.string(), v.isoTimestamp(), v.toDate()) }),
  key: ({ at }) => at.slice(0, 10),
});
