import {
  Body,
  createParamDecorator,
  DefaultValuePipe,
  type ExecutionContext,
  Injectable,
  ParseIntPipe,
  type PipeTransform,
  type Type,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { type Done, Job } from '../../lib/core/index.js';
import { InvalidHandlerError, JobData, JobHandler, JobRef } from '../../lib/nest/index.js';
import { appOf, run, runFailing, withJobs } from './job-runs.js';
import { Apps } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

/** What the last handler was called with. */
let got: unknown[];
beforeEach(() => {
  got = [];
});

const JobName = createParamDecorator(
  (prefix: string | undefined, context: ExecutionContext) =>
    (prefix ?? '') + context.switchToRpc().getContext<Job>().name,
);
const Tenant = createParamDecorator(async (_: unknown, context: ExecutionContext) =>
  context.switchToRpc().getData<{ tenant: string }>().tenant.toUpperCase(),
);

const DATA = { userId: '7', tenant: 'acme' };

async function calledWith(host: Type<unknown>, ...data: [unknown?]): Promise<unknown[]> {
  const app = await appOf(apps, [host]);
  await run(app, 'job', data.length === 0 ? DATA : data[0]);
  return got;
}

describe('a parameter gets', () => {
  it('the data with @JobData(), and the job without a decorator', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@JobData() data: unknown, job: Job): void {
        got = [data, job];
      }
    }

    const [data, job] = await calledWith(Host);

    expect(data).toEqual(DATA);
    expect(job).toBeInstanceOf(Job);
    expect((job as Job).name).toBe('job');
  });

  it('the job with @JobRef(), wherever it stands', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@JobRef() first: Job, @JobData('userId') userId: unknown, @JobRef() last: Job): void {
        got = [first, userId, last];
      }
    }

    const [first, userId, last] = await calledWith(Host);

    expect(first).toBeInstanceOf(Job);
    expect(last).toBe(first);
    expect(userId).toBe('7');
  });

  it.each([
    ['the property', { userId: 0 }, 0],
    ['undefined for one that is not there', {}, undefined],
    ['undefined where there is no data', undefined, undefined],
    ['undefined where the data is null', null, undefined],
  ])('of the data with @JobData(name) %s', async (_, data, userId) => {
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@JobData('userId') userId: unknown): void {
        got = [userId];
      }
    }

    expect(await calledWith(Host, data)).toEqual([userId]);
  });

  it('what its pipes make of the data, one after the other', async () => {
    @Injectable()
    class Doubling implements PipeTransform {
      transform = (value: number): number => 2 * value;
    }
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(
        @JobData('userId', ParseIntPipe, Doubling) doubled: number,
        @JobData('page', new DefaultValuePipe(1)) page: number,
      ): void {
        got = [doubled, page];
      }
    }

    expect(await calledWith(Host)).toEqual([14, 1]);
  });

  it('what its pipe makes of the whole data', async () => {
    @Injectable()
    class Keys implements PipeTransform {
      transform = (value: object): string[] => Object.keys(value);
    }
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@JobData(Keys) keys: string[]): void {
        got = keys;
      }
    }

    expect(await calledWith(Host)).toEqual(['userId', 'tenant']);
  });

  it('what a decorator of createParamDecorator gives, with its data and its pipes', async () => {
    const shout = { transform: (value: string) => `${value}!` };
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@JobName('my ', shout) name: string, job: Job, @Tenant() tenant: string): void {
        got = [name, job.name, tenant];
      }
    }

    expect(await calledWith(Host)).toEqual(['my job!', 'job', 'ACME']);
  });

  it('the job, when another one has a decorator and an optional one follows', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@JobData('userId') userId: string, job?: Job): void {
        got = [userId, job?.name];
      }
    }

    expect(await calledWith(Host)).toEqual(['7', 'job']);
  });

  it('the job as the only one, beside enhancers', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      @UseGuards({ canActivate: () => true })
      handle(job: Job): void {
        got = [job];
      }
    }

    expect((await calledWith(Host))[0]).toBeInstanceOf(Job);
  });

  it('`done` as the second of two without decorators, beside enhancers too', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      @UseGuards({ canActivate: () => true })
      handle(job: Job, done: Done): void {
        got = [job.name];
        setImmediate(done);
      }
    }

    expect(await calledWith(Host)).toEqual(['job']);
  });

  it('the job and not `done`, when the other one has a decorator', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@JobData() _data: unknown, job: Job): void {
        got = [job];
      }
    }

    expect((await calledWith(Host))[0]).toBeInstanceOf(Job);
  });

  it.each([
    ['beside a decorated one', beside()],
    ['beside enhancers', guardedAlone()],
    ['as one of any number', anyNumber()],
    ['instead of its default', withDefault()],
  ])('the job, where the method does not say how many it has: %s', async (_, host) => {
    const [job, ...rest] = await calledWith(host);

    expect(job).toBeInstanceOf(Job);
    expect(rest).toEqual([]);
  });
});

/** What decorators of other libraries do: the function that they put around a method declares no parameters. */
function Around(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    } as never;
  };
}

function beside(): Type<unknown> {
  @Injectable()
  class Host {
    @JobHandler('job')
    @Around()
    handle(@JobData() _data: unknown, job: Job): void {
      got = [job];
    }
  }
  return Host;
}

function guardedAlone(): Type<unknown> {
  @Injectable()
  class Host {
    @JobHandler('job')
    @UseGuards({ canActivate: () => true })
    @Around()
    handle(job: Job): void {
      got = [job];
    }
  }
  return Host;
}

function anyNumber(): Type<unknown> {
  @Injectable()
  class Host {
    @JobHandler('job')
    @UseGuards({ canActivate: () => true })
    handle(...jobs: Job[]): void {
      got = jobs;
    }
  }
  return Host;
}

function withDefault(): Type<unknown> {
  @Injectable()
  class Host {
    @JobHandler('job')
    @UseGuards({ canActivate: () => true })
    handle(job: Job | null = null): void {
      got = [job];
    }
  }
  return Host;
}

describe('the pipes of a handler', () => {
  it('leave the job alone, even those that look at everything', async () => {
    const seen: unknown[] = [];
    const everything = new ValidationPipe({ transform: true, validateCustomDecorators: true });
    const spy = { transform: (value: unknown) => (seen.push(value), value) };
    @Injectable()
    class Host {
      @JobHandler('job', { enhancers: 'all' })
      handle(@JobData() data: object, @JobRef() ref: Job, job: Job): void {
        got = [data, ref, job];
      }
    }
    const module = await apps.build(withJobs([Host]));
    const app = module.createNestApplication();
    app.useGlobalPipes(everything, spy);
    await app.init();

    await run(app, 'job', DATA);
    await app.close();

    expect(seen).toEqual([DATA]);
    expect(got[1]).toBeInstanceOf(Job);
    expect((got[1] as Job).signal).toBeInstanceOf(AbortSignal);
    expect(got[2]).toBe(got[1]);
  });

  it('of single parameters do not run with the enhancers "none"; their decorators do', async () => {
    @Injectable()
    class Host {
      @JobHandler('job', { enhancers: 'none' })
      handle(@JobData('userId', ParseIntPipe) userId: unknown, @JobName() name: string): void {
        got = [userId, name];
      }
    }

    expect(await calledWith(Host)).toEqual(['7', 'job']);
  });
});

describe('a subclass', () => {
  abstract class Base {
    @JobHandler('job')
    handle(@JobData('userId') userId: unknown, job: Job): void {
      got = [userId, job.name];
    }
  }

  it('inherits the parameters with the method', async () => {
    @Injectable()
    class Sub extends Base {}

    expect(await calledWith(Sub)).toEqual(['7', 'job']);
  });

  it('says anew what those of an override get', async () => {
    @Injectable()
    class Sub extends Base {
      @JobHandler('job')
      override handle(@JobRef() job: unknown, @JobData('tenant') tenant: unknown): void {
        got = [job, tenant];
      }
    }

    const [job, tenant] = await calledWith(Sub);

    expect(job).toBeInstanceOf(Job);
    expect(tenant).toBe('acme');
  });
});

describe('an error of a parameter decorator', () => {
  it('is a failure like any other', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@Tenant() tenant: string): void {
        got = [tenant];
      }
    }
    const app = await appOf(apps, [Host]);

    const failure = await runFailing(app, 'job', null, { attempts: 2 });

    expect(failure).toMatchObject({ name: 'TypeError', reason: 'exhausted', attempts: 2 });
  });
});

describe('refused is', () => {
  it('a decorator of another transport, at the start', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(job: Job, @Body() body: unknown): void {
        got = [job, body];
      }
    }

    const starting = appOf(apps, [Host]);

    await expect(starting).rejects.toThrow(InvalidHandlerError);
    await expect(starting).rejects.toThrow(/^Host\.handle: parameter 2 .* Take @JobData\(\)/);
  });

  it('a parameter with two decorators, at the start', async () => {
    @Injectable()
    class Host {
      @JobHandler('job')
      handle(@JobData() @JobName() both: unknown): void {
        got = [both];
      }
    }

    await expect(appOf(apps, [Host])).rejects.toThrow(
      /^Host\.handle: parameter 1 has two decorators/,
    );
  });

  it('a parameter of a constructor, where it is written', () => {
    const decorate = () => {
      class Host {
        constructor(@JobData() readonly data: unknown) {}
      }
      return Host;
    };

    expect(decorate).toThrow(/^Host: @JobData stands on a parameter of a constructor/);
  });

  it('a parameter of a static method, where it is written', () => {
    const decorate = () => {
      class Host {
        static handle(@JobRef() job: Job): void {
          got = [job];
        }
      }
      return Host;
    };

    expect(decorate).toThrow(/^Host\.handle: @JobRef stands on a parameter of a static method/);
  });

  it('something that is no pipe, where it is written', () => {
    const decorate = () => {
      class Host {
        @JobHandler('job')
        handle(
          @JobData('userId', { whitelist: true } as unknown as PipeTransform) id: string,
        ): void {
          got = [id];
        }
      }
      return Host;
    };

    expect(decorate).toThrow(/^Host\.handle: @JobData is given something that is neither a pipe/);
  });
});
