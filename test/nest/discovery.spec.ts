import {
  forwardRef,
  Global,
  Inject,
  Injectable,
  Logger,
  Module,
  type Provider,
  type Type,
} from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import {
  type Done,
  DuplicateHandlerError,
  HandlerRegistry,
  type Job,
  JobScheduler,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { AgendaRedisModule, JobHandler } from '../../lib/nest/index.js';
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

  it('is what stands behind a token, whatever that is', async () => {
    abstract class Mailer {
      abstract send(): void;
    }
    @Injectable()
    class SmtpMailer extends Mailer {
      @JobHandler('send')
      send(): void {}
    }

    expect(await handledBy({ provide: Mailer, useClass: SmtpMailer })).toEqual({
      send: 'SmtpMailer.send',
    });
    expect(await handledBy({ provide: 'mailer', useClass: SmtpMailer })).toEqual({
      send: 'SmtpMailer.send',
    });
    const later = { provide: 'mailer', useFactory: async () => new SmtpMailer() };
    expect(await handledBy(later)).toEqual({ send: 'SmtpMailer.send' });
  });

  it('is a method of providers that need each other', async () => {
    @Injectable()
    class Orders {
      constructor(@Inject(forwardRef(() => Invoices)) readonly invoices: unknown) {}

      @JobHandler('order')
      order(): boolean {
        return this.invoices instanceof Invoices;
      }
    }
    @Injectable()
    class Invoices {
      constructor(@Inject(forwardRef(() => Orders)) readonly orders: unknown) {}

      @JobHandler('invoice')
      invoice(): boolean {
        return this.orders instanceof Orders;
      }
    }
    const app = await apps.start({ imports: [memory()], providers: [Orders, Invoices] });
    const scheduler = app.get(JobScheduler);

    expect(await scheduler.runAndWait('order')).toBe(true);
    expect(await scheduler.runAndWait('invoice')).toBe(true);
  });

  it('is a method of providers of dynamic and global modules', async () => {
    @Injectable()
    class Reports {
      @JobHandler('report')
      report(): void {}
    }
    @Module({})
    class ReportsModule {
      static forRoot(providers: Provider[]) {
        return { module: ReportsModule, providers };
      }
    }
    @Global()
    @Module({ providers: [MailJobs], exports: [MailJobs] })
    class MailModule {}
    @Injectable()
    class Using {
      constructor(readonly jobs: MailJobs) {}
    }
    @Module({ providers: [Using] })
    class UsingModule {}

    const app = await apps.start({
      imports: [memory(), ReportsModule.forRoot([Reports]), MailModule, UsingModule],
    });

    expect(app.get(HandlerRegistry).names().sort()).toEqual([
      'report',
      'send-tips',
      'send-welcome',
    ]);
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

describe('a handler without a decorator', () => {
  it('is a function that is defined while the application runs', async () => {
    const app = await apps.start({ imports: [memory()] });

    app.get(HandlerRegistry).define('greet', (job) => `Hello ${job.data.name}`, { attempts: 2 });

    expect(await app.get(JobScheduler).runAndWait('greet', { name: 'Ada' })).toBe('Hello Ada');
  });

  it('is a method of a module that is loaded later, whose decorators are not looked at', async () => {
    @Injectable()
    class Renderer {
      constructor(handlers: HandlerRegistry) {
        handlers.define('render', (job: Job<{ page: string }>) => this.render(job));
      }

      private render(job: Job<{ page: string }>): string {
        return `<h1>${job.data.page}</h1>`;
      }

      @JobHandler('never-seen')
      neverSeen(): void {}
    }
    @Module({ providers: [Renderer] })
    class RenderModule {}
    const app = await apps.start({ imports: [memory()] });
    const early = app.get(JobScheduler).runAndWait('render', { page: 'Home' });

    await app.get(LazyModuleLoader).load(() => RenderModule);

    expect(await early).toBe('<h1>Home</h1>');
    expect(app.get(HandlerRegistry).names()).toEqual(['render']);
  });

  it('cannot take the name of one with it, and both are named', async () => {
    const app = await apps.start({ imports: [memory()], providers: [MailJobs] });
    function sendTips(): void {}

    expect(() => app.get(HandlerRegistry).define('send-tips', sendTips)).toThrow(
      new DuplicateHandlerError('send-tips', 'MailJobs.sendTips', 'sendTips'),
    );
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
