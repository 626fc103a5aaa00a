import { once } from 'node:events';
import {
  applyDecorators,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  Module,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  Scope,
  ServiceUnavailableException,
  SetMetadata,
  type Type,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  ExternalContextCreator,
  Reflector,
} from '@nestjs/core';
import { catchError, EMPTY, firstValueFrom, from, map, of, tap, throwError, timeout } from 'rxjs';
import { type Done, InvalidOptionError, Job } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  type Enhancers,
  InvalidHandlerError,
  JobData,
  JobHandler,
} from '../../lib/nest/index.js';
import { appOf, run, runFailing, withJobs } from './job-runs.js';
import { Apps } from './support.js';

const apps = new Apps();
afterEach(() => apps.closeAll());

/** What has happened, in order; enhancers get it injected. */
@Injectable()
class Steps {
  readonly taken: string[] = [];
}

function guard(label: string): Type<CanActivate> {
  @Injectable()
  class Guard implements CanActivate {
    constructor(private readonly steps: Steps) {}
    canActivate(): boolean {
      this.steps.taken.push(`${label} guard`);
      return true;
    }
  }
  return Guard;
}

function interceptor(label: string): Type<NestInterceptor> {
  @Injectable()
  class Interceptor implements NestInterceptor {
    constructor(private readonly steps: Steps) {}
    intercept(_context: ExecutionContext, next: CallHandler) {
      this.steps.taken.push(`${label} interceptor`);
      return next.handle().pipe(tap(() => this.steps.taken.push(`after ${label} interceptor`)));
    }
  }
  return Interceptor;
}

function pipe(label: string): Type<PipeTransform> {
  @Injectable()
  class Pipe implements PipeTransform {
    constructor(private readonly steps: Steps) {}
    transform(value: unknown): unknown {
      this.steps.taken.push(`${label} pipe`);
      return value;
    }
  }
  return Pipe;
}

const GLOBALS = [
  { provide: APP_GUARD, useClass: guard('global') },
  { provide: APP_INTERCEPTOR, useClass: interceptor('global') },
  { provide: APP_PIPE, useClass: pipe('global') },
];

/** A handler with one enhancer of each kind on each level. */
function enhanced(enhancers?: Enhancers): Type<unknown> {
  @Injectable()
  @UseGuards(guard('class'))
  @UseInterceptors(interceptor('class'))
  @UsePipes(pipe('class'))
  class Enhanced {
    constructor(private readonly steps: Steps) {}

    @JobHandler('work', enhancers ? { enhancers } : {})
    @UseGuards(guard('method'))
    @UseInterceptors(interceptor('method'))
    @UsePipes(pipe('method'))
    work(@JobData(pipe('parameter')) data: unknown): unknown {
      this.steps.taken.push('handler');
      return data;
    }
  }
  return Enhanced;
}

const EVERYTHING = [
  'global guard',
  'class guard',
  'method guard',
  'global interceptor',
  'class interceptor',
  'method interceptor',
  'global pipe',
  'class pipe',
  'method pipe',
  'parameter pipe',
  'handler',
  'after method interceptor',
  'after class interceptor',
  'after global interceptor',
];
const STEPS: Record<Enhancers, string[]> = {
  all: EVERYTHING,
  local: EVERYTHING.filter((step) => !step.includes('global')),
  none: ['handler'],
};

describe.each(['local', 'all', 'none'] as const)('with the enhancers %p', (enhancers) => {
  it.each([
    ['its decorator', enhanced(enhancers), {}],
    ['the module', enhanced(), { enhancers }],
    ['configuration', enhanced('none'), { handlers: { work: { enhancers } } }],
    [
      'configuration over decorator and module',
      enhanced('none'),
      { enhancers: 'none' as const, handlers: { work: () => ({ enhancers }) } },
    ],
    ['its decorator, over the module', enhanced(enhancers), { enhancers: 'all' as const }],
  ])('a handler goes through those in their order, by word of %s', async (_, host, options) => {
    const app = await appOf(apps, [Steps, host, ...GLOBALS], options);

    expect(await run(app, 'work', { page: 7 })).toEqual({ page: 7 });
    expect(app.get(Steps).taken).toEqual(STEPS[enhancers]);
  });
});

describe('global enhancers', () => {
  it('do not reach jobs if nobody says so', async () => {
    const app = await appOf(apps, [Steps, enhanced(), ...GLOBALS]);

    await run(app, 'work');

    expect(app.get(Steps).taken).toEqual(STEPS.local);
  });

  it('are also those given to the application before it starts', async () => {
    const steps = new Steps();
    const providers = [{ provide: Steps, useValue: steps }, enhanced()];
    const module = await apps.build(withJobs(providers, { enhancers: 'all' }));
    const app = module.createNestApplication();
    app.useGlobalGuards(new (guard('global'))(steps));
    app.useGlobalInterceptors(new (interceptor('global'))(steps));
    app.useGlobalPipes(new (pipe('global'))(steps));
    await app.init();

    await run(app, 'work');
    await app.close();

    expect(steps.taken).toEqual(STEPS.all);
  });

  it('reach a handler that has none of its own', async () => {
    @Injectable()
    class Plain {
      @JobHandler('plain', { enhancers: 'all' })
      plain(job: Job): unknown {
        return job.data;
      }
    }
    const app = await appOf(apps, [Steps, Plain, ...GLOBALS]);

    expect(await run(app, 'plain', 5)).toBe(5);
    expect(app.get(Steps).taken).toEqual([
      'global guard',
      'global interceptor',
      'after global interceptor',
    ]);
  });
});

describe('the choice of enhancers', () => {
  @Injectable()
  class Wrong {
    @JobHandler('wrong', { enhancers: 'some' as Enhancers })
    wrong(): void {}
  }
  @Injectable()
  class Right {
    @JobHandler('right')
    right(): void {}
  }
  const some = 'some' as Enhancers;

  it.each([
    ['enhancers of Wrong.wrong', [Wrong], {}],
    ['enhancers', [Right], { enhancers: some }],
    ['handlers.right.enhancers', [Right], { handlers: { right: { enhancers: some } } }],
  ])('is refused as %s when there is no such thing', async (option, providers, options) => {
    const starting = appOf(apps, providers, options);

    await expect(starting).rejects.toThrow(InvalidOptionError);
    await expect(starting).rejects.toThrow(
      `Expected \`${option}\` to be 'local', 'all' or 'none', got \`'some'\``,
    );
  });
});

describe('the execution context', () => {
  const seen: unknown[] = [];
  beforeEach(() => void seen.splice(0));

  it('knows the job, its data, and class and method of the handler', async () => {
    class Witness implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const rpc = context.switchToRpc();
        const job = rpc.getContext<Job>();
        seen.push(
          context.getType<string>(),
          context.getClass(),
          context.getHandler(),
          rpc.getData(),
          job instanceof Job && job.data === rpc.getData(),
          context.getArgs().length,
          context.getArgs()[1] === job,
        );
        return true;
      }
    }
    @Injectable()
    class Watched {
      @JobHandler('watched')
      @UseGuards(Witness)
      watched(job: Job): string {
        return job.name;
      }
    }
    const app = await appOf(apps, [Watched]);

    expect(await run(app, 'watched', { to: 'you' })).toBe('watched');
    const handler = Object.getOwnPropertyDescriptor(Watched.prototype, 'watched')!.value as unknown;
    expect(seen).toEqual(['job', Watched, handler, { to: 'you' }, true, 2, true]);
  });

  it('leads to the metadata of method and class', async () => {
    const Roles = Reflector.createDecorator<string[]>();
    @Injectable()
    class RolesGuard implements CanActivate {
      constructor(private readonly reflector: Reflector) {}
      canActivate(context: ExecutionContext): boolean {
        const targets = [context.getHandler(), context.getClass()];
        seen.push(
          this.reflector.getAllAndMerge(Roles, targets),
          this.reflector.get('kind', targets[0]!),
        );
        return true;
      }
    }
    @Injectable()
    @Roles(['clerk'])
    @UseGuards(RolesGuard)
    class Billing {
      @JobHandler('bill')
      @Roles(['admin'])
      @SetMetadata('kind', 'monthly')
      bill(): void {}
    }
    const app = await appOf(apps, [Billing]);

    await run(app, 'bill');

    expect(seen).toEqual([['admin', 'clerk'], 'monthly']);
  });
});

describe('a guard', () => {
  let calls: number;
  beforeEach(() => {
    calls = 0;
  });

  /** A handler behind a guard that answers or throws so. */
  function guarded(canActivate: () => ReturnType<CanActivate['canActivate']>): Type<unknown> {
    @Injectable()
    class Guarded {
      @JobHandler('guarded', { attempts: 2 })
      @UseGuards({ canActivate })
      guarded(): string {
        calls += 1;
        return 'in';
      }
    }
    return Guarded;
  }

  it.each([
    ['true', () => true],
    ['a promise of it', async () => true],
    ['an observable of it', () => of(true)],
  ])('that answers %s lets the job in', async (_, canActivate) => {
    const app = await appOf(apps, [guarded(canActivate)]);

    expect(await run(app, 'guarded')).toBe('in');
  });

  it.each([
    ['false', () => false, 'ForbiddenException', 'Forbidden resource'],
    ['a promise of false', async () => false, 'ForbiddenException', 'Forbidden resource'],
    [
      'a ForbiddenException',
      () => throwing(new ForbiddenException('Not on Sundays')),
      'ForbiddenException',
      'Not on Sundays',
    ],
    [
      'an UnauthorizedException',
      () => throwing(new UnauthorizedException('No token')),
      'UnauthorizedException',
      'No token',
    ],
  ])(
    'that says no by %s makes the job a dead letter, without a call of the handler',
    async (_, canActivate, name, message) => {
      const app = await appOf(apps, [guarded(canActivate)]);

      const failure = await runFailing(app, 'guarded');

      expect(failure).toMatchObject({ name, message, reason: 'unrecoverable', attempts: 1 });
      expect(calls).toBe(0);
    },
  );

  it('that fails otherwise is asked again with the next attempt', async () => {
    const unavailable = () => throwing(new ServiceUnavailableException('Down'));
    const app = await appOf(apps, [guarded(unavailable)]);

    expect(await runFailing(app, 'guarded')).toMatchObject({
      name: 'ServiceUnavailableException',
      message: 'Down',
      reason: 'exhausted',
      attempts: 2,
    });
  });

  it('says no for itself: the same exception of a handler is a failure like any other', async () => {
    @Injectable()
    class Refusing {
      @JobHandler('refusing', { attempts: 2 })
      @UseGuards({ canActivate: () => true })
      refusing(): void {
        throw new ForbiddenException('The API does not let us');
      }
    }
    const app = await appOf(apps, [Refusing]);

    expect(await runFailing(app, 'refusing')).toMatchObject({
      name: 'ForbiddenException',
      message: 'The API does not let us',
      reason: 'exhausted',
      attempts: 2,
    });
  });

  it('may decide the job itself, by the verbs of the job', async () => {
    @Injectable()
    class Office {
      @JobHandler('call-office')
      @UseGuards({
        canActivate: (context: ExecutionContext) => {
          const job = context.switchToRpc().getContext<Job>();
          if (job.snoozeCount === 0) throw job.snooze('1ms');
          return true;
        },
      })
      callOffice(job: Job): number {
        return job.snoozeCount;
      }
    }
    const app = await appOf(apps, [Office], { processEvery: '10ms' });

    expect(await run(app, 'call-office')).toBe(1);
  });
});

describe('an interceptor', () => {
  function intercepted(
    intercept: NestInterceptor['intercept'],
    handler: (job: Job) => unknown = () => 'done',
  ): Type<unknown> {
    @Injectable()
    class Intercepted {
      @JobHandler('intercepted', { attempts: 1 })
      @UseInterceptors({ intercept })
      intercepted(job: Job): unknown {
        return handler(job);
      }
    }
    return Intercepted;
  }

  it.each<[string, NestInterceptor['intercept'], unknown]>([
    ['changes the result', (_, next) => next.handle().pipe(map((value) => [value])), ['done']],
    ['answers from a cache, without a call', () => of('cached'), 'cached'],
    [
      'turns an error into a result',
      (_, next) => next.handle().pipe(catchError(() => of('saved'))),
      'saved',
    ],
  ])('%s', async (what, intercept, result) => {
    const handler = what.includes('error') ? () => throwing(new Error('lost')) : undefined;
    const app = await appOf(apps, [intercepted(intercept, handler)]);

    expect(await run(app, 'intercepted')).toEqual(result);
  });

  it('fails the job with its own error, such as that of a time limit', async () => {
    const never = () => new Promise(() => {});
    const limit: NestInterceptor['intercept'] = (_, next) => next.handle().pipe(timeout(1));
    const app = await appOf(apps, [intercepted(limit, never)]);

    expect(await runFailing(app, 'intercepted')).toMatchObject({ name: 'TimeoutError' });
  });

  it('leaves what the handler decided of its job as it is', async () => {
    const swallow: NestInterceptor['intercept'] = (_, next) =>
      next.handle().pipe(catchError(() => of('swallowed')));
    const discard = (job: Job) => throwing(job.discard('Nobody wants it'));
    const app = await appOf(apps, [intercepted(swallow, discard)]);

    expect(await runFailing(app, 'intercepted')).toMatchObject({
      reason: 'discarded',
      message: 'Nobody wants it',
    });
  });

  it('sees a method with `done` end when it calls that', async () => {
    const steps: string[] = [];
    @Injectable()
    class Callbacks {
      @JobHandler('call-back')
      @UseInterceptors({
        intercept: (_: ExecutionContext, next: CallHandler) =>
          next.handle().pipe(tap(() => steps.push('after'))),
      })
      callBack(job: Job, done: Done): void {
        setImmediate(() => {
          steps.push(job.name);
          done(job.data);
        });
      }
    }
    const app = await appOf(apps, [Callbacks]);

    await run(app, 'call-back');
    const failure = await runFailing(app, 'call-back', 'no luck');

    expect(failure.message).toBe('no luck');
    expect(steps).toEqual(['call-back', 'after', 'call-back']);
  });
});

describe.each([
  ['with', [UseGuards({ canActivate: () => true })]],
  ['without', []],
])('a handler %s enhancers that returns an observable', (_, decorators) => {
  it.each([
    ['completes with its last value', () => from([1, 2, 3]), 3],
    ['completes with its last value, behind a promise', async () => of('late'), 'late'],
    ['completes without a result when it is empty', () => EMPTY, undefined],
  ])('%s', async (_, handler, result) => {
    const app = await appOf(apps, [answering(handler, decorators)]);

    expect(await run(app, 'answer')).toBe(result);
  });

  it('fails with its error', async () => {
    const handler = () => throwError(() => new Error('torn'));
    const app = await appOf(apps, [answering(handler, decorators)]);

    expect(await runFailing(app, 'answer')).toMatchObject({ message: 'torn' });
  });

  it('fails when it awaits an empty one itself', async () => {
    const handler = () => firstValueFrom(EMPTY);
    const app = await appOf(apps, [answering(handler, decorators)]);

    expect(await runFailing(app, 'answer')).toMatchObject({ name: 'EmptyError' });
  });

  it('fails with all that an exception made of a list says', async () => {
    const handler = () => throwing(new BadRequestException(['no name', 'no age']));
    const app = await appOf(apps, [answering(handler, decorators)]);

    expect(await runFailing(app, 'answer', {}, { attempts: 2 })).toMatchObject({
      name: 'BadRequestException',
      message: 'no name; no age',
      reason: 'exhausted',
      attempts: 2,
    });
  });
});

function answering(handler: () => unknown, decorators: MethodDecorator[]): Type<unknown> {
  @Injectable()
  class Answering {
    @JobHandler('answer')
    @applyDecorators(...decorators)
    answer(): unknown {
      return handler();
    }
  }
  return Answering;
}

function throwing(error: unknown): never {
  throw error;
}

describe('what belongs to a handler', () => {
  it('is inherited with the method, and its enhancers are found in the module of the subclass', async () => {
    abstract class Base {
      @JobHandler('inherited')
      @UseGuards(guard('inherited'))
      inherited(@JobData('page') page: number): number {
        return page;
      }
    }
    @Injectable()
    class Sub extends Base {}
    const app = await appOf(apps, [Steps, Sub]);

    expect(await run(app, 'inherited', { page: 7 })).toBe(7);
    expect(app.get(Steps).taken).toEqual(['inherited guard']);
  });

  it('is injected from the module of its class', async () => {
    @Module({ providers: [Steps, enhanced()], exports: [Steps] })
    class FeatureModule {}
    const app = await apps.start({
      imports: [AgendaRedisModule.forRoot({ backend: new MemoryBackend() }), FeatureModule],
    });

    await run(app, 'work');

    expect(app.get(Steps).taken).toEqual(STEPS.local);
  });

  it('is kept apart from that of another class with the same name and method', async () => {
    const one = enhanced();
    @Injectable()
    class Enhanced {
      @JobHandler('other')
      @UseGuards({ canActivate: () => true })
      work(job: Job): unknown {
        return job.data;
      }
    }
    const app = await appOf(apps, [Steps, one, Enhanced]);

    expect(await run(app, 'work', 1)).toBe(1);
    expect(await run(app, 'other', 2)).toBe(2);
  });
});

describe('pipes that would see nothing', () => {
  it('are refused on a method without a parameter for the data', async () => {
    @Injectable()
    class Blind {
      @JobHandler('blind')
      @UsePipes(pipe('blind'))
      blind(job: Job): unknown {
        return job.data;
      }
    }

    await expect(appOf(apps, [Steps, Blind])).rejects.toThrow(
      /^Blind\.blind: @UsePipes stands on it, but no parameter takes the data.*@JobData\(\)/,
    );
    await expect(appOf(apps, [Steps, Blind])).rejects.toThrow(InvalidHandlerError);
  });

  it('are warned of on a class', async () => {
    @Injectable()
    @UsePipes(pipe('blind'))
    class Blind {
      @JobHandler('blind')
      blind(job: Job): unknown {
        return job.data;
      }
    }

    await appOf(apps, [Steps, Blind]);

    expect(apps.logger.ours).toContainEqual(
      expect.stringMatching(/^warn .*Blind\.blind: its class has @UsePipes, but none/),
    );
  });
});

describe('what Nest does not make', () => {
  @Injectable()
  class No implements CanActivate {
    canActivate = () => false;
  }
  @Injectable()
  class Guarded {
    @JobHandler('guarded')
    @UseGuards(No)
    guarded(): void {}
  }
  @Injectable()
  class Piped {
    @JobHandler('piped')
    piped(@JobData(pipe('own')) data: unknown): unknown {
      return data;
    }
  }

  it.each([
    ['a factory', { provide: Guarded, useFactory: () => new Guarded() }],
    ['a factory for each attempt', perAttempt(Guarded)],
    ['a value', { provide: 'GUARDED', useValue: new Guarded() }],
  ])('is not left out in silence: the guard of what %s gives', async (_, provider) => {
    const starting = appOf(apps, [provider]);

    await expect(starting).rejects.toThrow(InvalidHandlerError);
    await expect(starting).rejects.toThrow(/^Guarded\.guarded: its No would be left out.*new No\(/);
  });

  it('is not left out in silence: the pipe of a parameter', async () => {
    await expect(appOf(apps, [{ provide: 'PIPED', useValue: new Piped() }])).rejects.toThrow(
      /^Piped\.piped: its Pipe would be left out/,
    );
  });

  it('is not missed where no enhancers are to run', async () => {
    const app = await appOf(apps, [{ provide: 'PIPED', useValue: new Piped() }], {
      enhancers: 'none',
    });

    expect(await run(app, 'piped', 7)).toBe(7);
  });
});

function perAttempt(type: Type<unknown>): Provider {
  return { provide: type, useFactory: () => new type(), scope: Scope.REQUEST };
}

describe('an attempt that has to end while something stands before its handler', () => {
  const ended = async (context: ExecutionContext) => {
    const { signal } = context.switchToRpc().getContext<Job>();
    if (!signal.aborted) await once(signal, 'abort');
    return true;
  };
  const Ended = createParamDecorator((_: unknown, context: ExecutionContext) => ended(context));
  let calls: number;
  beforeEach(() => {
    calls = 0;
  });

  @Injectable()
  class Late {
    @JobHandler('guard', { attempts: 1, timeout: '20ms' })
    @UseGuards({ canActivate: ended })
    guard(): void {
      calls += 1;
    }

    @JobHandler('interceptor', { attempts: 1, timeout: '20ms' })
    @UseInterceptors({
      intercept: async (context: ExecutionContext, next: CallHandler) => {
        await ended(context);
        return next.handle();
      },
    })
    interceptor(_job: Job, done: Done): void {
      calls += 1;
      done();
    }

    @JobHandler('parameter', { attempts: 1, timeout: '20ms' })
    parameter(@Ended() _ended: boolean): void {
      calls += 1;
    }
  }

  it.each(['guard', 'interceptor', 'parameter'])('does not call it any more: %s', async (name) => {
    const app = await appOf(apps, [Late]);

    expect(await runFailing(app, name)).toMatchObject({ name: 'JobTimeoutError' });
    // That the handler is over, whose time is long up.
    await app.close();
    expect(calls).toBe(0);
  });
});

describe('a version of Nest that makes calls otherwise', () => {
  it('stops the start of handlers with enhancers, and tells the option that does without', async () => {
    const app = await apps.build(withJobs([Steps, enhanced()]));
    const creator = app.get(ExternalContextCreator) as unknown as Record<string, unknown>;
    delete creator.pipesConsumer;

    const starting = app.init();

    await expect(starting).rejects.toThrow(InvalidHandlerError);
    await expect(starting).rejects.toThrow(/^Enhanced\.work: .*option `enhancers` to 'none'/);
    await app.close().catch(() => undefined);
  });
});
