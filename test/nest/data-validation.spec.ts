import {
  BadRequestException,
  Injectable,
  type PipeTransform,
  type Type,
  UseInterceptors,
  UsePipes,
  type ValidationError,
  ValidationPipe,
  type ValidationPipeOptions,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { Type as TypeOf } from 'class-transformer';
import { IsEmail, IsInt, Min, ValidateNested } from 'class-validator';
import { catchError, map, throwError } from 'rxjs';
import { z } from 'zod';
import { InvalidDataError, Job, JobScheduler } from '../../lib/core/index.js';
import { type Enhancers, JobData, JobHandler } from '../../lib/nest/index.js';
import { appOf, run, runFailing } from './job-runs.js';
import { Apps } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

class Address {
  @IsInt()
  zip!: number;
}

class SendMail {
  @IsEmail()
  to!: string;

  @IsInt()
  @Min(1)
  copies = 1;

  @ValidateNested()
  @TypeOf(() => Address)
  address?: Address;
}

/** What the last handler was called with. */
let got: unknown[];
beforeEach(() => {
  got = [];
});

/** A handler whose data is validated by its own method. */
function mailJobs(options: ValidationPipeOptions = {}): Type<unknown> {
  @Injectable()
  class MailJobs {
    @JobHandler('send', { attempts: 3 })
    @UsePipes(new ValidationPipe(options))
    send(@JobData() mail: SendMail, job: Job): void {
      got = [mail, job];
    }
  }
  return MailJobs;
}

describe('data that its class takes', () => {
  it('reaches the handler as an instance of that class, with the real job beside it', async () => {
    const app = await appOf(apps, [mailJobs({ transform: true })]);

    await run(app, 'send', { to: 'ann@example.org', address: { zip: 1010 } });

    const [mail, job] = got as [SendMail, Job];
    expect(mail).toBeInstanceOf(SendMail);
    expect(mail).toMatchObject({ to: 'ann@example.org', copies: 1, address: { zip: 1010 } });
    expect(mail.address).toBeInstanceOf(Address);
    expect(job).toBeInstanceOf(Job);
    expect(job.data).toEqual({ to: 'ann@example.org', address: { zip: 1010 } });
  });

  it('reaches it as it was stored, if the pipe is not to transform', async () => {
    const app = await appOf(apps, [mailJobs()]);

    await run(app, 'send', { to: 'ann@example.org', copies: 2 });

    expect(got[0]).not.toBeInstanceOf(SendMail);
    expect(got[0]).toEqual({ to: 'ann@example.org', copies: 2 });
  });

  it('loses what the class does not know, if it is a whitelist', async () => {
    const app = await appOf(apps, [mailJobs({ whitelist: true })]);

    await run(app, 'send', { to: 'ann@example.org', copies: 1, admin: true });

    expect(got[0]).toEqual({ to: 'ann@example.org', copies: 1 });
  });

  it('may be one property of the whole', async () => {
    @Injectable()
    class Letters {
      @JobHandler('send')
      @UsePipes(new ValidationPipe({ transform: true }))
      send(@JobData('address') address: Address): void {
        got = [address];
      }
    }
    const app = await appOf(apps, [Letters]);

    await run(app, 'send', { address: { zip: 1010 } });

    expect(got[0]).toBeInstanceOf(Address);
    expect(await runFailing(app, 'send', { address: {} })).toMatchObject({
      reason: 'invalid-data',
    });
  });
});

describe('data that its class does not take', () => {
  const wrong = { to: 'nobody', copies: 0 };
  const told = ['to must be an email', 'copies must not be less than 1'];

  it('makes the job a dead letter at once, which says all that is wrong', async () => {
    const app = await appOf(apps, [mailJobs()]);

    expect(await runFailing(app, 'send', wrong)).toMatchObject({
      name: 'InvalidDataError',
      reason: 'invalid-data',
      message: `The data of "send" is not valid: ${told.join('; ')}`,
      attempts: 1,
    });
    expect(got).toEqual([]);
  });

  it('is told to listeners thing by thing, with the exception as cause', async () => {
    const app = await appOf(apps, [mailJobs()]);
    const dead = new Promise<Error | undefined>((resolve) =>
      app.get(JobScheduler).once('dead', ({ error }) => resolve(error)),
    );

    await runFailing(app, 'send', wrong);

    const error = (await dead) as InvalidDataError;
    expect(error).toBeInstanceOf(InvalidDataError);
    expect(error.issues).toEqual(told.map((message) => ({ path: '', message })));
    expect(error.cause).toBeInstanceOf(BadRequestException);
  });

  it.each<[string, ValidationPipeOptions, string]>([
    [
      'that forbids what it does not know',
      { forbidNonWhitelisted: true, whitelist: true },
      'admin',
    ],
    ['whose status is 422', { errorHttpStatusCode: 422 }, told.join('; ')],
    ['whose exceptions say nothing', { disableErrorMessages: true }, 'Bad Request'],
    [
      'whose exceptions hold the errors themselves',
      { exceptionFactory: (errors: ValidationError[]) => new BadRequestException(errors) },
      'address.zip: zip must be an integer number',
    ],
  ])('is invalid for a pipe %s', async (_, options, message) => {
    const app = await appOf(apps, [mailJobs(options)]);
    const data = { ...wrong, admin: true, address: { zip: 'A' } };

    expect(await runFailing(app, 'send', data)).toMatchObject({
      reason: 'invalid-data',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('is invalid by the word of any pipe that throws a BadRequestException', async () => {
    class Odd implements PipeTransform {
      transform(value: number): number {
        if (value % 2 === 0) throw new BadRequestException('not odd');
        return value;
      }
    }
    @Injectable()
    class Odds {
      @JobHandler('odd')
      odd(@JobData(Odd) odd: number): number {
        return odd;
      }
    }
    const app = await appOf(apps, [Odds]);

    expect(await run(app, 'odd', 3)).toBe(3);
    expect(await runFailing(app, 'odd', 4)).toMatchObject({ reason: 'invalid-data' });
  });

  it('is invalid also when an interceptor puts another error around it', async () => {
    @Injectable()
    class MailJobs {
      @JobHandler('send')
      @UsePipes(new ValidationPipe())
      @UseInterceptors({
        intercept: (_, next) =>
          next
            .handle()
            .pipe(
              catchError((cause: unknown) => throwError(() => new Error('wrapped', { cause }))),
            ),
      })
      send(@JobData() mail: SendMail): void {
        got = [mail];
      }
    }
    const app = await appOf(apps, [MailJobs]);

    expect(await runFailing(app, 'send', wrong)).toMatchObject({ reason: 'invalid-data' });
  });
});

describe('an exception like that of a pipe', () => {
  it('is a failure like any other when the handler throws it', async () => {
    @Injectable()
    class Api {
      @JobHandler('call-api')
      @UsePipes(new ValidationPipe())
      callApi(@JobData() _mail: SendMail): void {
        throw new BadRequestException('The API wants more');
      }
    }
    const app = await appOf(apps, [Api]);

    expect(
      await runFailing(app, 'call-api', { to: 'ann@example.org', copies: 1 }, { attempts: 2 }),
    ).toMatchObject({
      name: 'BadRequestException',
      message: 'The API wants more',
      reason: 'exhausted',
      attempts: 2,
    });
  });

  it('is a failure like any other of a pipe that fails otherwise', async () => {
    const broken = { transform: () => Promise.reject(new Error('No database')) };
    @Injectable()
    class Users {
      @JobHandler('load-user')
      loadUser(@JobData('userId', broken) user: unknown): void {
        got = [user];
      }
    }
    const app = await appOf(apps, [Users]);

    expect(await runFailing(app, 'load-user', { userId: 7 }, { attempts: 2 })).toMatchObject({
      message: 'No database',
      reason: 'exhausted',
      attempts: 2,
    });
  });
});

describe('a ValidationPipe', () => {
  @Injectable()
  @UsePipes(new ValidationPipe())
  class OnClass {
    @JobHandler('send')
    send(@JobData() mail: SendMail): void {
      got = [mail];
    }
  }
  @Injectable()
  class OnParameter {
    @JobHandler('send')
    send(@JobData(new ValidationPipe()) mail: SendMail): void {
      got = [mail];
    }
  }
  const unguarded = (enhancers: Enhancers) => {
    @Injectable()
    class Unguarded {
      @JobHandler('send', { enhancers })
      send(@JobData() mail: SendMail): void {
        got = [mail];
      }
    }
    return Unguarded;
  };
  const application = { provide: APP_PIPE, useClass: ValidationPipe };

  it.each([
    ['of the class', [OnClass]],
    ['of the parameter', [OnParameter]],
    ['of the application, with "all",', [unguarded('all'), application]],
  ])('%s validates', async (_, providers) => {
    const app = await appOf(apps, providers);

    expect(await runFailing(app, 'send', { to: 'nobody' })).toMatchObject({
      reason: 'invalid-data',
    });
  });

  it('of the application does not, unless it is told', async () => {
    const app = await appOf(apps, [unguarded('local'), application]);

    await run(app, 'send', { to: 'nobody' });

    expect(got).toEqual([{ to: 'nobody' }]);
  });

  it('sees what the schema of the handler has made of the data', async () => {
    const schema = z.object({ to: z.string().transform((user) => `${user}@example.org`) });
    @Injectable()
    class MailJobs {
      @JobHandler('send', { schema })
      @UsePipes(new ValidationPipe({ transform: true }))
      @UseInterceptors({ intercept: (_, next) => next.handle().pipe(map(() => got[0])) })
      send(@JobData() mail: SendMail): void {
        got = [mail];
      }
    }
    const app = await appOf(apps, [MailJobs]);

    expect(await run(app, 'send', { to: 'ann' })).toEqual({ to: 'ann@example.org', copies: 1 });
    expect(got[0]).toBeInstanceOf(SendMail);
  });
});
