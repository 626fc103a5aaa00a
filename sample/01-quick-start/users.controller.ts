import { BadRequestException, Body, Controller, Post } from '@nestjs/common';
import { JobScheduler } from 'nestjs-agenda-redis';
import type { Recipient } from './mail.jobs.js';

interface SignedUp extends Recipient {
  /** The ids of the jobs that were added. */
  jobs: { welcome: string; tips: string };
}

@Controller('users')
export class UsersController {
  constructor(private readonly scheduler: JobScheduler) {}

  @Post()
  async signUp(@Body() body: unknown): Promise<SignedUp> {
    const user = checkedUser(body);
    const welcome = await this.scheduler.now('send-welcome', user);
    const tips = await this.scheduler.schedule('in 5 seconds', 'send-tips', user);
    return { ...user, jobs: { welcome: welcome.id, tips: tips.id } };
  }
}

function checkedUser(body: unknown): Recipient {
  const { name, email } = (body ?? {}) as Partial<Record<keyof Recipient, unknown>>;
  if (typeof name !== 'string' || name.trim() === '') {
    throw new BadRequestException('`name` must be a text that is not empty');
  }
  if (typeof email !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new BadRequestException('`email` must be an address such as ada@example.com');
  }
  return { name: name.trim(), email };
}
