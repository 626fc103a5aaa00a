import {
  Controller,
  Injectable,
  Logger,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type Provider,
  type Type,
} from '@nestjs/common';
import {
  type Done,
  DuplicateHandlerError,
  HandlerRegistry,
  type Job,
  JobScheduler,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  Every,
  InvalidHandlerError,
  JobHandler,
  OnJobEvent,
} from '../../lib/nest/index.js';
import { Apps } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

const memory = () => AgendaRedisModule.forRoot({ backend: new MemoryBackend() });

/** Starts an application with these providers and tells which names are handled by which method. */
async function handledBy(...providers: Provider[]): Promise<Record<string, string>> {
  const app = await apps.start({ imports: [memory()], providers });
  const handlers = app.get(HandlerRegistry);
  return Object.fromEntries(handlers.names().map((name) => [name, handlers.get(name)!.origin]));
}

@Injectable()
class MailJobs {
  @JobHandler('send-welcome')
  sendWelcome(): void {}

  @JobHandler('send-tips')
  sendTips(): void {}
}

describe('what is found', () => {
  it('is every decorated method of a provider', async () => {
    expect(await handledBy(MailJobs)).toEqual({
      'send-welcome': 'MailJobs.sendWelcome',
      'send-tips': 'MailJobs.sendTips',
    });
  });

  it('is a method of a provider in a feature module, which imports nothing of ours', async () => {
    @Module({ providers: [MailJobs] })
    class MailModule {}

    const app = await apps.start({ imports: [memory(), MailModule] });

    expect(app.get(HandlerRegistry).names()).toEqual(['send-welcome', 'send-tips']);
  });

  it('is an inherited method, under the name of the subclass', async () => {
    abstract class Base {
      @JobHandler('inherited')
      run(): void {}
    }
    @Injectable()
    class Sub extends Base {}

    expect(await handledBy(Sub)).toEqual({ inherited: 'Sub.run' });
  });

  it('is a method of two parameters as one that calls `done`', async () => {
    @Injectable()
    class Callbacks {
      @JobHandler('call-back')
      callBack(job: Job, done: Done): void {
        setImmediate(() => done(job.data));
      }
    }
    const app = await apps.start({ imports: [memory()], providers: [Callbacks] });
    const scheduler = app.get(JobScheduler);
    const failed = new Promise<Error>((resolve) =>
      scheduler.once('failed', ({ error }) => resolve(error)),
    );

    await scheduler.now('call-back', 'no luck');

    expect((await failed).message).toBe('no luck');
  });

  it('is once what has several tokens', async () => {
    const found = await handledBy(
      MailJobs,
      { provide: 'alias', useExisting: MailJobs },
      { provide: 'by-factory', useFactory: (jobs: MailJobs) => jobs, inject: [MailJobs] },
    );

    expect(Object.keys(found)).toEqual(['send-welcome', 'send-tips']);
  });

  it('is an object given as a value, or made by a factory', async () => {
    class Cleaner {
      @JobHandler('clean')
      clean(): void {}
    }

    expect(await handledBy({ provide: 'value', useValue: new MailJobs() })).toHaveProperty(
      'send-tips',
      'MailJobs.sendTips',
    );
    expect(await handledBy({ provide: 'made', useFactory: () => new Cleaner() })).toEqual({
      clean: 'Cleaner.clean',
    });
  });

  it('is found although other providers are null, plain, classes, or have dangerous getters', async () => {
    @Injectable()
    class Trap {
      get danger(): never {
        throw new Error('a getter was read');
      }
    }
    const deaf = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('no answer');
        },
      },
    );

    const found = await handledBy(
      MailJobs,
      Trap,
      { provide: 'null', useValue: null },
      { provide: 'text', useValue: 'text' },
      { provide: 'plain', useValue: { run: () => undefined } },
      { provide: 'bare', useValue: Object.create(null) as object },
      { provide: 'class', useValue: MailJobs },
      { provide: 'deaf', useFactory: () => ({ deaf }) },
    );

    expect(Object.keys(found)).toEqual(['send-welcome', 'send-tips']);
  });

  it('does not include an override without the decorator, which is warned about', async () => {
    class Base {
      @JobHandler('hidden')
      run(): void {}
    }
    @Injectable()
    class Sub extends Base {
      override run(): void {}
    }
    const { logger } = apps;

    expect(await handledBy(Sub)).toEqual({});
    expect(logger.ours).toContainEqual(
      expect.stringContaining('Sub.run overrides the decorated Base.run and hides it'),
    );
  });
});

describe('a start is refused', () => {
  it('for two handlers of one name, naming both methods', async () => {
    @Injectable()
    class SignupJobs {
      @JobHandler('send-welcome')
      mail(): void {}
    }

    await expect(handledBy(MailJobs, SignupJobs)).rejects.toThrow(
      new DuplicateHandlerError('send-welcome', 'MailJobs.sendWelcome', 'SignupJobs.mail'),
    );
  });

  it('for two subclasses of one decorated base, with the way out', async () => {
    abstract class Base {
      @JobHandler('shared')
      run(): void {}
    }
    @Injectable()
    class One extends Base {}
    @Injectable()
    class Two extends Base {}

    await expect(handledBy(One, Two)).rejects.toThrow(
      /"shared": One\.run and Two\.run\. Both inherit/,
    );
  });

  it('for a class that is provided in two modules, naming both', async () => {
    @Module({ providers: [MailJobs] })
    class MailModule {}
    @Module({ providers: [MailJobs] })
    class ShopModule {}

    await expect(apps.start({ imports: [memory(), MailModule, ShopModule] })).rejects.toThrow(
      /^MailJobs: it is provided in MailModule and in ShopModule/,
    );
  });

  it('for a class that is provided twice in one module', async () => {
    await expect(handledBy(MailJobs, { provide: 'again', useClass: MailJobs })).rejects.toThrow(
      /MailJobs: it is provided twice in .*useExisting/,
    );
  });

  it('for a decorated method of a controller', async () => {
    @Controller()
    class MailController {
      @JobHandler('send')
      send(): void {}
    }

    const start = apps.start({ imports: [memory()], controllers: [MailController] });

    await expect(start).rejects.toThrow(InvalidHandlerError);
    await expect(start).rejects.toThrow(/^MailController\.send: .*a controller and not a provider/);
  });

  it('for a listener on a guard that is no provider', async () => {
    @Injectable()
    class Guard implements CanActivate {
      canActivate = () => true;

      @OnJobEvent('failed')
      onFailed(): void {}
    }
    @UseGuards(Guard)
    @Controller()
    class AnyController {}

    await expect(apps.start({ imports: [memory()], controllers: [AnyController] })).rejects.toThrow(
      /^Guard\.onFailed: .*an enhancer and not a provider/,
    );
  });

  it.each([
    ['transient', Scope.TRANSIENT],
    ['request-scoped', Scope.REQUEST],
  ])('for a %s host, instead of calling what was never constructed', async (word, scope) => {
    @Injectable({ scope })
    class Scoped {
      @JobHandler('scoped')
      run(): void {}
    }

    await expect(handledBy(Scoped)).rejects.toThrow(
      new RegExp(`^Scoped\\.run: .*its class is ${word}`),
    );
  });

  it('for a host that is request-scoped by what it injects', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {}
    @Injectable()
    class TenantJobs {
      constructor(readonly tenant: Tenant) {}

      @JobHandler('tenant')
      run(): void {}
    }

    await expect(handledBy(Tenant, TenantJobs)).rejects.toThrow(
      /^TenantJobs\.run: .*request-scoped/,
    );
  });

  it('for @Every without @JobHandler', async () => {
    @Injectable()
    class Reports {
      @Every('1 hour')
      hourly(): void {}
    }

    await expect(handledBy(Reports)).rejects.toThrow(
      /^Reports\.hourly: @Every stands on it without @JobHandler/,
    );
  });

  it('for a schedule that is not understood, naming the method', async () => {
    @Injectable()
    class Reports {
      @JobHandler('nightly')
      @Every('0 25 * * *')
      nightly(): void {}
    }

    await expect(handledBy(Reports)).rejects.toThrow(
      /Cannot schedule .*0 25 \* \* \*.*\(@Every of Reports\.nightly\)/,
    );
  });

  it('for an event that does not exist, naming the method', async () => {
    @Injectable()
    class Listener {
      @OnJobEvent('finished' as 'completed')
      onFinished(): void {}
    }

    await expect(handledBy(Listener)).rejects.toThrow(
      /^Listener\.onFinished: .*does not exist.*completed/,
    );
  });

  it('for an instance that nobody makes, naming the method and the instances there are', async () => {
    @Injectable()
    class Reports {
      @JobHandler('nightly', { instance: 'reports' })
      nightly(): void {}
    }

    await expect(handledBy(Reports)).rejects.toThrow(
      /^Reports\.nightly: .*"reports".*Known are "default"/,
    );
  });

  it('for handler options that cannot be meant, naming the option', async () => {
    @Injectable()
    class Reports {
      @JobHandler('nightly', { concurency: 2 } as object)
      nightly(): void {}
    }

    await expect(handledBy(Reports)).rejects.toThrow(/concurency.*did you mean `concurrency`/);
  });

  it('before anything is opened', async () => {
    const backend = new MemoryBackend();
    const opened: string[] = [];
    backend.connect = async () => void opened.push('connect');
    @Injectable()
    class Reports {
      @Every('1 hour')
      hourly(): void {}
    }

    await expect(
      apps.start({ imports: [AgendaRedisModule.forRoot({ backend })], providers: [Reports] }),
    ).rejects.toThrow(InvalidHandlerError);

    expect(opened).toEqual([]);
  });
});

describe('a decorator is refused where it is written', () => {
  const noop = (): void => {};
  const place =
    (decorator: MethodDecorator, target: object, descriptor?: PropertyDescriptor) => () =>
      (decorator as (...args: unknown[]) => void)(target, 'run', descriptor);
  class Jobs {}

  it.each([
    ['a static member', Jobs, { value: noop }],
    ['an accessor', Jobs.prototype, { get: () => noop }],
    ['an accessor', Jobs.prototype, { set: noop }],
    ['a property', Jobs.prototype, undefined],
  ] as [string, object, PropertyDescriptor | undefined][])('on %s', (kind, target, descriptor) => {
    const message = new RegExp(`^Jobs\\.run: @\\w+ stands on ${kind}`);

    expect(place(JobHandler('run'), target, descriptor)).toThrow(message);
    expect(place(Every('1 hour'), target, descriptor)).toThrow(message);
    expect(place(OnJobEvent('failed') as MethodDecorator, target, descriptor)).toThrow(message);
  });

  it('when a method is to handle two names', () => {
    expect(() => {
      class Twice {
        @JobHandler('one')
        @JobHandler('two')
        run(): void {}
      }
      return Twice;
    }).toThrow(/^Twice\.run: @JobHandler stands twice on it, for "two" and "one"/);
  });

  it('when two rules of a method have the same key', () => {
    const twice = (first?: string, second?: string) => () => {
      class Twice {
        @JobHandler('run')
        @Every('1 hour', { key: first })
        @Every('2 hours', { key: second })
        run(): void {}
      }
      return Twice;
    };

    expect(twice()).toThrow(/^Twice\.run: @Every stands twice on it without a key/);
    expect(twice('a', 'a')).toThrow(/with the key "a"/);
    expect(twice('a', 'b')).not.toThrow();
    expect(twice('a')).not.toThrow();
  });
});

it('calls the method that the instance has now, so that it can be spied on', async () => {
  const app = await apps.start({ imports: [memory()], providers: [MailJobs] });
  const called: unknown[] = [];
  app.get<MailJobs>(MailJobs as Type<MailJobs>).sendTips = (...args: unknown[]) => {
    called.push(args);
  };

  const job = {} as never;
  await app.get(HandlerRegistry).get('send-tips')!.run(job);

  expect(called).toEqual([[job]]);
  Logger.flush();
});
