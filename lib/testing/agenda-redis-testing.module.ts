import { Module, type DynamicModule, type InjectionToken } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { Engine, InvalidOptionError, type AgendaBackend } from '../core/index.js';
import { ManualClock } from '../memory/index.js';
import { AgendaRedisModule, getBackendToken, getInstanceToken } from '../nest/index.js';
import { InstanceHost } from '../nest/lifecycle/instance-host.js';
import { DEFAULT_INSTANCE } from '../nest/tokens.js';
import { JobTesting } from './job-testing.js';
import { makeTestBackend } from './test-backend.js';
import {
  checkOverrideOptions,
  splitOptions,
  startOf,
  type AgendaRedisTestingOptions,
  type OverrideOptions,
  type TestStoreOptions,
} from './testing-options.js';

/** Less than a hook of Jest or Vitest may take: a handler that never ends has failed its test already. */
const SOON = { timeout: '1 second' } as const;

/** What is needed of the builder that `Test.createTestingModule` answers. */
export interface OverridableBuilder {
  overrideProvider(token: InjectionToken): {
    useFactory(options: {
      factory: (...given: never[]) => unknown;
      inject?: InjectionToken[];
    }): unknown;
  };
  compile(...given: never[]): Promise<unknown>;
}

/**
 * Jobs in tests: the whole library on a store of the test's own, with a clock that the test moves, and nothing
 * runs until it says so. See {@link JobTesting}.
 */
@Module({})
export class AgendaRedisTestingModule {
  /**
   * Stands in for `AgendaRedisModule.forRoot` in the test of a feature module. Each application that is made with it
   * has a store of its own.
   *
   * @throws InvalidOptionError, InvalidScheduleError while the application is created
   */
  static forRoot(options: AgendaRedisTestingOptions = {}): DynamicModule {
    const { isGlobal = true, instance = DEFAULT_INSTANCE, ...given } = options;
    const { store, module } = splitOptions(given);
    const token = getInstanceToken(JobTesting, instance);
    return {
      module: AgendaRedisTestingModule,
      global: isGlobal,
      imports: [
        AgendaRedisModule.forRootAsync({
          isGlobal,
          instance,
          inject: [ModuleRef],
          useFactory: (moduleRef: ModuleRef) => ({
            shutdown: SOON,
            ...module,
            backend: backendFor(store, instance, moduleRef).backend,
          }),
        }),
      ],
      providers: [
        {
          provide: token,
          inject: [getBackendToken(instance)],
          useFactory: (backend: AgendaBackend) => testings.get(backend),
        },
      ],
      exports: [token],
    };
  }

  /**
   * Takes a whole application, which imports `AgendaRedisModule` itself, to a store of the test's own. The
   * connection that its options name is never made. Its `JobTesting` is injected by its class, or for another
   * instance than the default one by `getInstanceToken(JobTesting, instance)`.
   *
   * @example
   * const app = await AgendaRedisTestingModule.override(
   *   Test.createTestingModule({ imports: [AppModule] }),
   * ).compile();
   *
   * @throws InvalidOptionError
   */
  static override<Builder extends OverridableBuilder>(
    builder: Builder,
    options: OverrideOptions = {},
  ): Builder {
    checkOverrideOptions(options);
    const { instance = DEFAULT_INSTANCE, ...store } = options;
    startOf(store);
    let isMade = false;
    builder.overrideProvider(getBackendToken(instance)).useFactory({
      inject: [ModuleRef, ModulesContainer],
      factory: (moduleRef: ModuleRef, modules: ModulesContainer) => {
        isMade = true;
        const { backend, testing } = backendFor(store, instance, moduleRef);
        provideBeside(modules, instance, testing);
        return backend;
      },
    });
    // Nest ignores an override of what is not there, and the application would reach for its real store.
    expectWhenCompiled(builder, () => {
      if (isMade) return;
      throw new InvalidOptionError(
        'override.instance',
        instance,
        'an instance of AgendaRedisModule in the application',
      );
    });
    return builder;
  }
}

/** Whose store a backend is. */
const testings = new WeakMap<AgendaBackend, JobTesting>();

/** @param moduleRef - of the module of the instance, where its engine is known */
function backendFor(
  store: TestStoreOptions,
  instance: string,
  moduleRef: ModuleRef,
): { readonly backend: AgendaBackend; readonly testing: JobTesting } {
  const clock = new ManualClock(startOf(store));
  const testing = new JobTesting(clock, instance, () => ({
    engine: moduleRef.get(Engine),
    host: moduleRef.get(InstanceHost),
  }));
  const backend = makeTestBackend(store, clock, {
    opens: () => testing.opens(),
    closed: () => testing.closed(),
  });
  testings.set(backend, testing);
  return { backend, testing };
}

/** An application that knows nothing of its test has no provider for what the test needs: it gets one more. */
function provideBeside(modules: ModulesContainer, instance: string, testing: JobTesting): void {
  const token = getBackendToken(instance);
  const owner = [...modules.values()].find((module) => module.providers.has(token))!;
  owner.addProvider({ provide: getInstanceToken(JobTesting, instance), useValue: testing });
}

function expectWhenCompiled(builder: OverridableBuilder, check: () => void): void {
  const compile = builder.compile.bind(builder);
  builder.compile = async (...given) => {
    const app = await compile(...given);
    check();
    return app;
  };
}
