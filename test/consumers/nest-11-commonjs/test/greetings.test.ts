// A spec of a CommonJS application, by Jest as its users run it.
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { AgendaRedisTestingModule, jobMatchers, JobTesting } from 'nestjs-agenda-redis/testing';
import { JobScheduler } from 'nestjs-agenda-redis';
import { Greetings, Names } from '../src/app';

expect.extend(jobMatchers);

it('greets in an hour, without Redis', async () => {
  const app = await Test.createTestingModule({
    imports: [AgendaRedisTestingModule.forRoot()],
    providers: [Names, Greetings],
  }).compile();
  await app.init();
  const jobs = app.get(JobTesting);

  const job = await app.get(JobScheduler).schedule('in 1 hour', 'greet', { name: 'Ada' });
  await jobs.advance('59 minutes');
  expect(await app.get(JobScheduler).counts('greet')).toMatchObject({ scheduled: 1 });
  await jobs.advance('1 minute');

  expect(await jobs.waitFor(job, 'completed')).toMatchObject({ result: 'Hello ADA' });
  await app.close();
});
