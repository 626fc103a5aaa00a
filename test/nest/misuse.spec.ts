import { jest } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  Injectable,
  Module,
  type ModuleMetadata,
  type Provider,
  UseGuards,
} from '@nestjs/common';
import {
  DuplicateHandlerError,
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
} from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  type AgendaRedisModuleExtras,
  type AgendaRedisOptions,
  Every,
  type EveryOptions,
  InvalidHandlerError,
  JobHandler,
  type JobHandlerOptions,
  OnJobEvent,
} from '../../lib/nest/index.js';
import { Apps } from './support.js';

/*
 * What cannot be meant stops the application's start, with an error that names the class and the method, or the
 * option, and says what to do instead.
 */

const apps = new Apps();
afterEach(() => apps.closeAll());

type ErrorClass = new (...args: never[]) => Error;
type Misuse = [what: string, made: () => ModuleMetadata, kind: ErrorClass, message: RegExp];

const memory = (options: AgendaRedisOptions & AgendaRedisModuleExtras = {}) =>
  AgendaRedisModule.forRoot({ backend: new MemoryBackend(), ...options });

/** An application over memory with these providers. */
const withProviders =
  (...providers: Provider[]) =>
  (): ModuleMetadata => ({ imports: [memory()], providers });

const withOptions = (options: AgendaRedisOptions, ...providers: Provider[]) => {
  return (): ModuleMetadata => ({ imports: [memory(options)], providers });
};

@Injectable()
class MailJobs {
  @JobHandler('send-welcome')
  sendWelcome(): void {}
}

@Module({ providers: [MailJobs] })
class MailModule {}

@Module({ providers: [MailJobs] })
class ShopModule {}

@Injectable()
class SignupJobs {
  @JobHandler('send-welcome')
  mail(): void {}
}

abstract class Base {
  @JobHandler('shared')
  run(): void {}
}

@Injectable()
class One extends Base {}

@Injectable()
class Two extends Base {}

@Controller()
class MailController {
  @JobHandler('send')
  send(): void {}
}

@Controller()
class ListeningController {
  @OnJobEvent('failed')
  onFailed(): void {}
}

@Injectable()
class Guard implements CanActivate {
  canActivate = () => true;

  @OnJobEvent('failed')
  onFailed(): void {}
}

@UseGuards(Guard)
@Controller()
class GuardedController {}

/** `Reports.nightly` with these decorators. */
function reports(...decorators: MethodDecorator[]): Provider {
  @Injectable()
  class Reports {
    nightly(): void {}
  }
  const { prototype } = Reports;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'nightly')!;
  for (const decorate of decorators.reverse()) decorate(prototype, 'nightly', descriptor);
  return Reports;
}

const handler = (options?: object, name = 'report') =>
  JobHandler(name, options as JobHandlerOptions);
const repeated = (interval: string | number, options?: object) =>
  reports(handler(), Every(interval, options as EveryOptions));

const IN_CODE: Misuse[] = [
  [
    'two handlers of one name',
    withProviders(MailJobs, SignupJobs),
    DuplicateHandlerError,
    /"send-welcome": MailJobs\.sendWelcome and SignupJobs\.mail\. Give one of them another name/,
  ],
  [
    'two subclasses of one decorated base',
    withProviders(One, Two),
    DuplicateHandlerError,
    /"shared": One\.run and Two\.run\. Both inherit .* decorate a method of each subclass/,
  ],
  [
    'a class that is provided in two modules',
    () => ({ imports: [memory(), MailModule, ShopModule] }),
    InvalidHandlerError,
    /^MailJobs: it is provided in MailModule and in ShopModule, .*export it there/,
  ],
  [
    'a class that is provided twice in one module',
    withProviders(MailJobs, { provide: 'again', useClass: MailJobs }),
    InvalidHandlerError,
    /^MailJobs: it is provided twice in .*useExisting/,
  ],
  [
    'two values of one class',
    withProviders(
      { provide: 'one', useValue: new MailJobs() },
      { provide: 'two', useValue: new MailJobs() },
    ),
    InvalidHandlerError,
    /^MailJobs: it is provided twice in .*useExisting/,
  ],
  [
    'a handler on a controller',
    () => ({ imports: [memory()], controllers: [MailController] }),
    InvalidHandlerError,
    /^MailController\.send: .*a controller and not a provider\. Move the method .*`providers`/,
  ],
  [
    'a listener on a controller',
    () => ({ imports: [memory()], controllers: [ListeningController] }),
    InvalidHandlerError,
    /^ListeningController\.onFailed: .*a controller and not a provider\. Move the method/,
  ],
  [
    'a listener on a guard that is no provider',
    () => ({ imports: [memory()], controllers: [GuardedController] }),
    InvalidHandlerError,
    /^Guard\.onFailed: .*an enhancer and not a provider\. Move the method/,
  ],
  [
    '@Every without @JobHandler',
    withProviders(reports(Every('1 hour'))),
    InvalidHandlerError,
    /^Reports\.nightly: @Every stands on it without @JobHandler\. Add @JobHandler\('name'\)/,
  ],
  [
    'an event that does not exist',
    withProviders(reports(OnJobEvent('finished' as 'completed') as MethodDecorator)),
    InvalidHandlerError,
    /^Reports\.nightly: @OnJobEvent is for an event that does not exist.*completed/,
  ],
  [
    'a handler for an instance that nobody makes',
    withProviders(reports(handler({ instance: 'reports' }))),
    InvalidHandlerError,
    /^Reports\.nightly: .*"reports".*Known are "default": .*forRoot\(\{ instance: 'reports'/,
  ],
  [
    'a listener for an instance that nobody makes',
    withProviders(
      reports(OnJobEvent('failed', undefined, { instance: 'reports' }) as MethodDecorator),
    ),
    InvalidHandlerError,
    /^Reports\.nightly: .*"reports".*Known are "default"/,
  ],
  [
    'a name that no job can have',
    withProviders(reports(handler({}, ''))),
    InvalidJobError,
    /`name in @JobHandler of Reports\.nightly` must be 1 to 256 bytes long/,
  ],
  [
    'an unknown handler option',
    withProviders(reports(handler({ concurency: 2 }))),
    InvalidOptionError,
    /`report\.concurency in @JobHandler of Reports\.nightly`.*did you mean `concurrency`/,
  ],
  [
    'a handler option with a wrong value',
    withProviders(reports(handler({ timeout: 'soon' }))),
    InvalidOptionError,
    /`report\.timeout in @JobHandler of Reports\.nightly` to be a duration/,
  ],
  [
    'scopedGlobals that is neither true nor false',
    withProviders(reports(handler({ scopedGlobals: 'yes' }))),
    InvalidOptionError,
    /`scopedGlobals of Reports\.nightly` to be true or false/,
  ],
  [
    'a cron rule that is not understood',
    withProviders(repeated('0 25 * * *')),
    InvalidScheduleError,
    /Cannot schedule .*0 25 \* \* \*.*hour.*\(@Every of Reports\.nightly\)/,
  ],
  [
    'an interval that is not understood',
    withProviders(repeated('often')),
    InvalidScheduleError,
    /Cannot schedule .*'often'.*\(@Every of Reports\.nightly\).*Examples that work/,
  ],
  [
    'a time zone that does not exist',
    withProviders(repeated('0 2 * * *', { timezone: 'Europe/Pariss' })),
    InvalidScheduleError,
    /Europe\/Pariss.*\(@Every of Reports\.nightly\)/,
  ],
  [
    'an unknown option of @Every',
    withProviders(repeated('0 2 * * *', { timeZon: 'Europe/Paris' })),
    InvalidOptionError,
    /`timeZon in @Every of Reports\.nightly`.*did you mean `timezone`/,
  ],
  [
    'a key of @Every that cannot be stored',
    withProviders(repeated('1 hour', { key: 'a\nb' })),
    InvalidJobError,
    /`key in @Every of Reports\.nightly` must be free of control characters/,
  ],
];

/** Found when what others provide is known, or the clock of the store. */
const AT_START: Misuse[] = [
  [
    'data of @Every that cannot be stored',
    withProviders(repeated('1 hour', { data: { size: 1n } })),
    InvalidJobError,
    /`data\.size in @Every of Reports\.nightly`/,
  ],
  [
    'a schedule that never runs',
    withProviders(repeated('1 hour', { endDate: 'nonsense' })),
    InvalidScheduleError,
    /nonsense.*\(@Every of Reports\.nightly\)/,
  ],
  [
    'options of a job that nobody handles',
    withOptions({ handlers: { reprot: { concurrency: 2 } } }, reports(handler())),
    InvalidOptionError,
    /`handlers\.reprot` to be for a job that is handled here \(known: report\), or left out/,
  ],
  [
    'another rule for a handler without one',
    withOptions({ handlers: { report: { every: '1 hour' } } }, reports(handler())),
    InvalidOptionError,
    /`handlers\.report\.every` to be left out, since Reports\.nightly has no @Every, got .*1 hour/,
  ],
  [
    'no rule for a handler without one',
    withOptions({ handlers: { report: { every: false } } }, reports(handler())),
    InvalidOptionError,
    /`handlers\.report\.every` to be left out, since Reports\.nightly has no @Every, got `false`/,
  ],
  [
    'another rule for one of several without saying which',
    withOptions(
      { handlers: { report: { every: '2 hours' } } },
      reports(handler(), Every('1 hour', { key: 'a' }), Every('1 day', { key: 'b' })),
    ),
    InvalidOptionError,
    /`handlers\.report\.every\.key` to be the `key` of one of the rules of Reports\.nightly \(known: a, b\)/,
  ],
  [
    'another rule for a key that no rule has',
    withOptions({ handlers: { report: { every: { key: 'c' } } } }, repeated('1 hour')),
    InvalidOptionError,
    /`handlers\.report\.every\.key` .* of Reports\.nightly \(known: none\), got .*'c'/,
  ],
  [
    'another rule that is not understood',
    withOptions({ handlers: { report: { every: '61 * * * *' } } }, repeated('1 hour')),
    InvalidScheduleError,
    /61 \* \* \* \*.*\(handlers\.report\.every\)/,
  ],
];

const IN_OPTIONS: Misuse[] = [
  [
    'another rule that is none',
    withOptions({ handlers: { report: { every: true as never } } }),
    InvalidOptionError,
    /`handlers\.report\.every` to be false, an interval, a cron rule, or an object/,
  ],
  [
    'an unknown option of another rule',
    withOptions({ handlers: { report: { every: { intervall: 1 } as object } } }),
    InvalidOptionError,
    /`handlers\.report\.every\.intervall`.*did you mean `interval`/,
  ],
  [
    'a function that gives no options of a job',
    withOptions({ handlers: { report: () => 5 as never } }),
    InvalidOptionError,
    /`handlers\.report` to be an object, .*got `5`/,
  ],
  [
    'an async function that gives options of a job',
    withOptions({ handlers: { report: (async () => ({})) as never } }),
    InvalidOptionError,
    /`handlers\.report` to be an object, not a promise.*got `Promise/,
  ],
  [
    'an unknown option of schedules',
    withOptions({ schedules: { prun: true } as object }),
    InvalidOptionError,
    /`schedules\.prun`.*did you mean `prune`/,
  ],
  [
    'schedules.prune that is neither true nor false',
    withOptions({ schedules: { prune: 'yes' as never } }),
    InvalidOptionError,
    /`schedules\.prune` to be true or false/,
  ],
  [
    'two instances of one name',
    () => ({ imports: [memory(), memory()] }),
    InvalidOptionError,
    /`instance` to be another one for each forRoot or forRootAsync/,
  ],
  [
    'two instances with one backend',
    () => {
      const backend = new MemoryBackend();
      return { imports: [memory({ backend }), memory({ backend, instance: 'reports' })] };
    },
    InvalidOptionError,
    /`keyPrefix` to be another one for the instance "reports" than for "default"/,
  ],
  [
    'two instances with one namespace in Redis',
    () => {
      const redis = { connectionString: 'redis://:secret@localhost:1/2', keyPrefix: 'shop:' };
      return {
        imports: [
          AgendaRedisModule.forRoot(redis),
          AgendaRedisModule.forRoot({ ...redis, instance: 'reports' }),
        ],
      };
    },
    InvalidOptionError,
    /^(?!.*secret)Expected `keyPrefix` .* "reports" than for "default".*localhost:1\/2 shop:/,
  ],
  [
    'more than one connection',
    withOptions({ connectionString: 'redis://:secret@localhost:1' }),
    InvalidOptionError,
    /^(?!.*secret).*exactly one/,
  ],
];

describe('the start is refused for', () => {
  it.each([...IN_CODE, ...AT_START])('%s', async (_, made, kind, message) => {
    const started = apps.start(made());

    await expect(started).rejects.toThrow(kind);
    await expect(started).rejects.toThrow(message);
  });
});

describe('the application is not even made with', () => {
  it.each(IN_OPTIONS)('%s', async (_, made, kind, message) => {
    const built = apps.build(made());

    await expect(built).rejects.toThrow(kind);
    await expect(built).rejects.toThrow(message);
  });
});

it.each(IN_CODE)('nothing is opened for %s', async (_, made) => {
  const connects = jest.spyOn(MemoryBackend.prototype, 'connect');
  try {
    await expect(apps.start(made())).rejects.toThrow(Error);

    expect(connects).not.toHaveBeenCalled();
  } finally {
    connects.mockRestore();
  }
});

it('what was opened before a mistake was found is closed', async () => {
  const backend = new MemoryBackend();
  const handlers = { reprot: { concurrency: 2 } };

  await expect(apps.start({ imports: [memory({ backend, handlers })] })).rejects.toThrow(/reprot/);

  await expect(backend.manager.get('any')).rejects.toThrow(/closed/);
});

describe('a decorator is refused where it is written', () => {
  const noop = (): void => {};
  class Jobs {}
  const decorators: MethodDecorator[] = [
    JobHandler('run'),
    Every('1 hour'),
    OnJobEvent('failed') as MethodDecorator,
  ];

  it.each<[string, object, string | symbol | undefined, unknown, RegExp]>([
    ['a static member', Jobs, 'run', { value: noop }, /^Jobs\.run: /],
    ['an accessor', Jobs.prototype, 'run', { get: () => noop }, /^Jobs\.run: /],
    ['an accessor', Jobs.prototype, 'run', { set: noop }, /^Jobs\.run: /],
    ['a property', Jobs.prototype, 'run', undefined, /^Jobs\.run: /],
    ['a property', Jobs.prototype, 'run', { value: 5 }, /^Jobs\.run: /],
    ['a symbol', Jobs.prototype, Symbol('run'), { value: noop }, /^Jobs\.Symbol\(run\): /],
    ['a parameter', Jobs.prototype, 'run', 0, /^Jobs\.run: /],
    ['a class', Jobs, undefined, undefined, /^Jobs: /],
  ])('on %s', (kind, target, key, descriptor, place) => {
    for (const decorate of decorators) {
      const write = () => (decorate as (...args: unknown[]) => void)(target, key, descriptor);

      expect(write).toThrow(InvalidHandlerError);
      expect(write).toThrow(place);
      expect(write).toThrow(
        new RegExp(`@\\w+ stands on ${kind}.* Put it on a method of the class`),
      );
    }
  });

  it('when a method is to handle two names', () => {
    expect(() => reports(handler({}, 'one'), handler({}, 'two'))).toThrow(
      /^Reports\.nightly: @JobHandler stands twice on it, for "two" and "one"\. Write one method/,
    );
  });

  it('when two rules of a method have the same key', () => {
    const twice = (first?: string, second?: string) => () =>
      reports(handler(), Every('1 hour', { key: first }), Every('2 hours', { key: second }));

    expect(twice()).toThrow(/^Reports\.nightly: @Every stands twice on it without a key\. Give/);
    expect(twice('a', 'a')).toThrow(/with the key "a"/);
    expect(twice('a', 'b')).not.toThrow();
    expect(twice('a')).not.toThrow();
  });
});
