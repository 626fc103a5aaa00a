// A spec of an ESM application, by Vitest as its users run it.
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { JobScheduler } from 'nestjs-agenda-redis';
import {
  AgendaRedisTestingModule,
  jobMatchers,
  JobTesting,
  type JobMatchers,
} from 'nestjs-agenda-redis/testing';
import { expect, it } from 'vitest';
import { Greetings } from '../src/app.js';

declare module 'vitest' {
  interface Matchers<T = any> extends JobMatchers<T> {}
}
expect.extend(jobMatchers);

it('greets in an hour, without Redis', async () => {
  const app = await Test.createTestingModule({
    imports: [AgendaRedisTestingModule.forRoot()],
    providers: [Greetings],
  }).compile();
  await app.init();
  const jobs = app.get(JobTesting);

  const job = await app.get(JobScheduler).schedule('in 1 hour', 'greet', { name: 'Ada' });
  await expect(jobs).toHaveScheduled('greet', { name: 'Ada' }, { at: 'in 1 hour' });
  await jobs.advance('1 hour');

  await expect(jobs).toHaveCompleted('greet');
  await expect(job).toBeInState('completed');
  await expect(expect(job).toBeInState('queued')).rejects.toThrow('it is completed');
  await app.close();
});
