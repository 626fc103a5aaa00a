import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UseGuards,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail } from 'class-validator';
import { z } from 'zod';
import { InvalidDataError, type Job } from '../../lib/core/index.js';
import { JobData, JobHandler } from '../../lib/nest/index.js';
import { describeStores } from './support.js';

class Mail {
  @IsEmail()
  to!: string;
}

class SecretsAreClosed implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return !context.switchToRpc().getData<Mail>().to.startsWith('secret');
  }
}

@Injectable()
class MailJobs {
  @JobHandler('send', { attempts: 3 })
  @UseGuards(SecretsAreClosed)
  @UsePipes(new ValidationPipe({ transform: true }))
  send(@JobData() mail: Mail, job: Job): string {
    return `${mail.constructor.name} to ${mail.to} in attempt ${job.attempt}`;
  }

  @JobHandler('count', { schema: z.object({ pages: z.number().min(1) }) })
  count(job: Job<{ pages: number }>): number {
    return job.data.pages;
  }
}

describeStores('what is around a handler', (setUp) => {
  it('is around it in a step as well as in a single run', async () => {
    const { jobs, scheduler } = await setUp([MailJobs]);
    const data = { to: 'ann@example.com' };
    await scheduler.now('send', data);

    const result = 'Mail to ann@example.com in attempt 1';
    expect(await jobs.runAll()).toMatchObject([{ outcome: 'completed', result }]);
    expect(await jobs.runJob(MailJobs, 'send', data)).toMatchObject({ result });
  });

  it.each([
    ['invalid data', 'ann', 'invalid-data'],
    ['what a guard refuses', 'secret@example.com', 'unrecoverable'],
  ])('makes a dead letter of %s', async (_, to, reason) => {
    const { jobs, scheduler } = await setUp([MailJobs]);
    await scheduler.now('send', { to });

    const dead = { outcome: 'dead', attempt: 1, reason };
    expect(await jobs.runAll()).toMatchObject([dead]);
    expect(await jobs.runJob(MailJobs, 'send', { to })).toMatchObject(dead);
  });

  it('refuses at the add what a schema refuses; a single run shows what becomes of it later', async () => {
    const { jobs, scheduler } = await setUp([MailJobs]);

    await expect(scheduler.now('count', { pages: 0 })).rejects.toThrow(InvalidDataError);
    expect(await jobs.runJob(MailJobs, 'count', { pages: 0 })).toMatchObject({
      outcome: 'dead',
      reason: 'invalid-data',
    });
    expect(await jobs.runJob(MailJobs, 'count', { pages: 2 })).toMatchObject({ result: 2 });
  });
});
