import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  type DataOf,
  defineJob,
  InvalidDataError,
  type Job,
  JobHandler,
  JobScheduler,
} from '../../lib/index.js';
import { appOf } from './job-runs.js';
import { Apps } from './support.js';

const apps = new Apps();

afterEach(() => apps.closeAll());

const sendWelcome = defineJob('send-welcome', {
  schema: z.object({
    userId: z.string().min(1),
    locale: z.string().default('en'),
    since: z.coerce.date(),
  }),
  version: 2,
  upcast: { 1: ({ user, ...rest }) => ({ ...rest, userId: user }) },
});

@Injectable()
class MailJobs {
  @JobHandler(sendWelcome, { attempts: 5 })
  welcome({ data, dataVersion }: Job<DataOf<typeof sendWelcome>>) {
    return [data.userId, data.locale, data.since.getUTCFullYear(), dataVersion];
  }
}

it('gives a handler of a token what its schema makes of the data', async () => {
  const app = await appOf(apps, [MailJobs]);
  const since = new Date(Date.UTC(2026, 2, 4));

  const result = await app.get(JobScheduler).runAndWait(sendWelcome, { userId: '7', since });

  expect(result).toEqual(['7', 'en', 2026, 2]);
});

it('refuses to add what the schema of the handler refuses, also by the bare name', async () => {
  const scheduler = (await appOf(apps, [MailJobs])).get(JobScheduler);

  await expect(scheduler.now('send-welcome', { userId: '' })).rejects.toThrow(InvalidDataError);
  expect(await scheduler.getQueueSize()).toBe(0);
});

it('lets configuration have the last word on what data has to be', async () => {
  const stricter = { schema: z.object({ userId: z.uuid() }) };
  const handlers = { 'send-welcome': stricter };
  const scheduler = (await appOf(apps, [MailJobs], { handlers })).get(JobScheduler);

  const uuid = '3f8b7a52-7c58-4bd1-9a3a-0c6a1c1b1d11';

  await expect(scheduler.now('send-welcome', { userId: '7' })).rejects.toThrow(InvalidDataError);
  expect((await scheduler.now('send-welcome', { userId: uuid })).created).toBe(true);
});
