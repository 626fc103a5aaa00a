import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  type OnModuleInit,
  type Provider,
  Scope,
  UseGuards,
} from '@nestjs/common';
import {
  APP_GUARD,
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import { type Done, type Job, JobContext, JobScheduler } from '../../lib/core/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  AgendaRedisModule,
  Every,
  InvalidHandlerError,
  JobHandler,
  OnJobEvent,
} from '../../lib/nest/index.js';
import { appOf, run, runFailing } from './job-runs.js';
import { Apps, until } from './support.js';

/*
 * Handlers of classes that are no singletons: each attempt has an instance of its own, made for its job.
 */

const apps = new Apps();
let happened: unknown[];
beforeEach(() => (happened = []));
afterEach(() => apps.closeAll());

const start = (...providers: Provider[]) => appOf(apps, providers);

/** Tells instances apart. */
let made = 0;
abstract class Numbered {
  readonly number = ++made;
}
beforeEach(() => (made = 0));

describe('a request-scoped handler', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Tenant extends Numbered {
    constructor(@Inject(REQUEST) readonly job: Job<{ tenant: string }>) {
      super();
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class TenantJobs extends Numbered {
    constructor(
      @Inject(REQUEST) private readonly job: Job,
      private readonly tenant: Tenant,
    ) {
      super();
    }

    @JobHandler('who')
    async who(job: Job): Promise<unknown> {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return [job === this.job, this.tenant.job === job, this.tenant.job.data.tenant];
    }

    @JobHandler('flaky', { attempts: 3 })
    flaky(job: Job): string {
      happened.push(this.number);
      if (job.attempt < 3) throw new Error('not yet');
      return 'well';
    }

    @JobHandler('call-back')
    callBack(job: Job, done: Done): void {
      setImmediate(() => done(job === this.job ? undefined : 'another job'));
    }
  }

  it('has the job injected, as all that is made for it has', async () => {
    const app = await start(Tenant, TenantJobs);

    expect(await run(app, 'who', { tenant: 'acme' })).toEqual([true, true, 'acme']);
  });

  it('is not mixed up with others that run at the same time', async () => {
    const app = await start(Tenant, TenantJobs);
    const tenants = Array.from({ length: 20 }, (_, i) => `tenant ${i}`);

    const seen = await Promise.all(tenants.map((tenant) => run(app, 'who', { tenant })));

    expect(seen).toEqual(tenants.map((tenant) => [true, true, tenant]));
  });

  it('is made anew for each attempt', async () => {
    const app = await start(Tenant, TenantJobs);

    expect(await run(app, 'flaky')).toBe('well');

    expect(new Set(happened).size).toBe(3);
  });

  it('may end by `done`', async () => {
    const app = await start(Tenant, TenantJobs);

    expect(await run(app, 'call-back')).toBeUndefined();
  });

  it('is one by what it injects, too', async () => {
    @Injectable()
    class Indirect extends Numbered {
      constructor(private readonly tenant: Tenant) {
        super();
      }

      @JobHandler('indirect')
      indirect(): unknown {
        return this.tenant.job.data;
      }
    }
    const app = await start(Tenant, Indirect);

    expect(await run(app, 'indirect', { tenant: 'acme' })).toEqual({ tenant: 'acme' });
    expect(await run(app, 'indirect', { tenant: 'other' })).toEqual({ tenant: 'other' });
  });

  it('is one by a guard of its own that is, which has the job too', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class OnlyAcme implements CanActivate {
      constructor(@Inject(REQUEST) private readonly job: Job<{ tenant: string }>) {}

      canActivate(context: ExecutionContext): boolean {
        happened.push(context.switchToRpc().getContext() === this.job);
        return this.job.data.tenant === 'acme';
      }
    }
    @Injectable()
    class Guarded extends Numbered {
      @JobHandler('guarded')
      @UseGuards(OnlyAcme)
      guarded(): number {
        return this.number;
      }
    }
    const app = await start(Guarded);

    const first = (await run(app, 'guarded', { tenant: 'acme' })) as number;
    const second = await run(app, 'guarded', { tenant: 'acme' });
    await runFailing(app, 'guarded', { tenant: 'other' });

    expect(second).toBeGreaterThan(first);
    expect(happened).toEqual([true, true, true]);
  });

  it('is constructed inside the context of its job', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Located {
      private readonly id = JobContext.current()?.job.id;

      @JobHandler('located')
      located(job: Job): boolean {
        return this.id === job.id;
      }
    }
    const app = await start(Located);

    expect(await run(app, 'located')).toBe(true);
  });

  it('fails its attempt when it cannot be made, and has another one', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Fragile {
      constructor(@Inject(REQUEST) job: Job) {
        if (job.attempt === 1) throw new Error('no connection');
      }

      @JobHandler('fragile', { attempts: 2 })
      fragile(job: Job): number {
        return job.attempt;
      }
    }
    const app = await start(Fragile);

    expect(await run(app, 'fragile')).toBe(2);
  });

  it('is not called any more when its attempt has to end while it is made', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Slow {
      constructor(@Inject('CONNECTION') readonly connection: unknown) {}

      @JobHandler('slow', { attempts: 1, timeout: '20ms' })
      slow(): void {
        happened.push('called');
      }
    }
    const app = await start(Slow, {
      provide: 'CONNECTION',
      scope: Scope.REQUEST,
      inject: [REQUEST],
      useFactory: ({ signal }: Job) => once(signal, 'abort'),
    });

    expect(await runFailing(app, 'slow')).toMatchObject({ name: 'JobTimeoutError' });
    await app.close();
    expect(happened).toEqual([]);
  });

  it('may recur', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Recurring extends Numbered {
      @JobHandler('tick')
      @Every('10ms')
      tick(): void {
        happened.push(this.number);
      }
    }
    await start(Recurring);

    await until(() => happened.length >= 3);

    expect(new Set(happened).size).toBe(happened.length);
  });

  it('is made by a factory, where the class is its token', async () => {
    const app = await start(Tenant, {
      provide: TenantJobs,
      useFactory: (tenant: Tenant) => new TenantJobs(tenant.job, tenant),
      inject: [Tenant],
    });

    expect(await run(app, 'who', { tenant: 'acme' })).toEqual([true, true, 'acme']);
  });

  it('comes from its own module, whatever others provide under its token', async () => {
    const named = (name: string) => {
      @Injectable({ scope: Scope.REQUEST })
      class Named {
        @JobHandler(name)
        tell(): string {
          return name;
        }
      }
      @Module({ providers: [{ provide: 'JOBS', useClass: Named }] })
      class NamedModule {}
      return NamedModule;
    };
    const backend = new MemoryBackend();
    const imports = [AgendaRedisModule.forRoot({ backend }), named('one'), named('two')];
    const app = await apps.start({ imports });

    expect([await run(app, 'one'), await run(app, 'two')]).toEqual(['one', 'two']);
  });

  it('is forgotten after its attempt, with its job and all that was made for it', async () => {
    const alive: WeakRef<object>[] = [];
    @Injectable({ scope: Scope.TRANSIENT })
    class Part {
      constructor() {
        alive.push(new WeakRef(this));
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Guard implements CanActivate {
      constructor() {
        alive.push(new WeakRef(this));
      }

      canActivate = (): boolean => true;
    }
    @Injectable({ scope: Scope.REQUEST })
    class Forgotten {
      constructor(
        @Inject(REQUEST) job: Job,
        readonly part: Part,
      ) {
        alive.push(new WeakRef(this), new WeakRef(job));
      }

      @JobHandler('forgotten')
      @UseGuards(Guard)
      run(): void {}
    }
    const app = await start(Part, Forgotten);

    for (let i = 0; i < 100; i++) await run(app, 'forgotten');
    expect(alive).toHaveLength(400);

    // The last ones may still stand on somebody's stack.
    await until(() => {
      collectGarbage();
      return alive.filter((one) => one.deref()).length <= 4;
    });
  });
});

describe('a transient handler', () => {
  @Injectable()
  class Shared {
    readonly seen: number[] = [];
  }
  @Injectable({ scope: Scope.TRANSIENT })
  class Part extends Numbered {}
  @Injectable({ scope: Scope.TRANSIENT })
  class Counting extends Numbered {
    constructor(
      private readonly shared: Shared,
      private readonly part: Part,
    ) {
      super();
    }

    @JobHandler('count')
    count(): number {
      this.shared.seen.push(this.number, this.part.number);
      return this.shared.seen.length;
    }
  }

  it('is constructed for each attempt, with transient parts of its own', async () => {
    const app = await start(Shared, Part, Counting);

    await run(app, 'count');
    await run(app, 'count');

    expect(await run(app, 'count')).toBe(6);
    expect(new Set(app.get(Shared).seen).size).toBe(6);
  });

  it('is forgotten after its attempt', async () => {
    const alive: WeakRef<object>[] = [];
    @Injectable({ scope: Scope.TRANSIENT })
    class Forgotten {
      constructor(readonly part: Part) {
        alive.push(new WeakRef(this), new WeakRef(part));
      }

      @JobHandler('forgotten')
      run(): void {}
    }
    const app = await start(Part, Forgotten);

    for (let i = 0; i < 100; i++) await run(app, 'forgotten');
    expect(alive).toHaveLength(200);

    await until(() => {
      collectGarbage();
      return alive.filter((one) => one.deref()).length <= 2;
    });
  });
});

describe('a durable handler', () => {
  /** A tree of providers for each tenant. */
  class ByTenant implements ContextIdStrategy<Job<{ tenant: string }>> {
    private readonly trees = new Map<string, ContextId>();

    attach(contextId: ContextId, job: Job<{ tenant: string }>) {
      const { tenant } = job.data;
      const tree = this.trees.get(tenant) ?? { id: this.trees.size };
      this.trees.set(tenant, tree);
      return {
        resolve: ({ isTreeDurable }: HostComponentInfo) => (isTreeDurable ? tree : contextId),
        payload: { tenant },
      };
    }
  }
  afterEach(() => ContextIdFactory.apply(undefined as never));

  @Injectable({ scope: Scope.REQUEST, durable: true })
  class Pool extends Numbered {
    constructor(@Inject(REQUEST) readonly request: unknown) {
      super();
    }

    @JobHandler('pooled')
    pooled(): unknown {
      return [this.number, this.request];
    }
  }

  it('lives as long as its tenant, whose payload it has instead of a job', async () => {
    ContextIdFactory.apply(new ByTenant());
    const app = await start(Pool);
    const ofTenant = (tenant: string) => run(app, 'pooled', { tenant });

    expect(await ofTenant('acme')).toEqual([1, { tenant: 'acme' }]);
    expect(await ofTenant('other')).toEqual([2, { tenant: 'other' }]);
    expect(await ofTenant('acme')).toEqual([1, { tenant: 'acme' }]);
  });

  it('is shared by handlers that are made for each attempt, and have its job', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Using extends Numbered {
      constructor(
        @Inject(REQUEST) private readonly job: Job,
        private readonly pool: Pool,
      ) {
        super();
      }

      @JobHandler('using')
      using(job: Job): unknown {
        return [job === this.job, this.pool.number];
      }
    }
    ContextIdFactory.apply(new ByTenant());
    const app = await start(Pool, Using);

    const first = (await run(app, 'using', { tenant: 'acme' })) as unknown[];
    const second = await run(app, 'using', { tenant: 'acme' });

    expect(first[0]).toBe(true);
    expect(second).toEqual(first);
  });

  it('is made for each attempt where nothing tells tenants apart', async () => {
    const app = await start(Pool);
    const numberOf = async () => {
      const [number] = (await run(app, 'pooled', { tenant: 'acme' })) as [number, object];
      return number;
    };

    expect([await numberOf(), await numberOf()]).toEqual([1, 2]);
  });
});

describe('a transient guard', () => {
  @Injectable()
  class Tenants {}
  @Injectable({ scope: Scope.TRANSIENT })
  class TransientGuard implements CanActivate {
    constructor(private readonly tenants: Tenants) {}

    canActivate(): boolean {
      happened.push(this.tenants instanceof Tenants);
      return true;
    }
  }

  it('is constructed for a handler that is made for each attempt', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    @UseGuards(TransientGuard)
    class Guarded {
      @JobHandler('guarded')
      guarded(): void {}
    }
    const app = await start(Tenants, Guarded);

    await run(app, 'guarded');

    expect(happened).toEqual([true]);
  });

  it('stops the start on a singleton, for which nobody would construct it', async () => {
    @Injectable()
    class Guarded {
      @JobHandler('guarded')
      @UseGuards(TransientGuard)
      guarded(): void {}
    }

    const started = start(Tenants, Guarded);

    await expect(started).rejects.toThrow(InvalidHandlerError);
    await expect(started).rejects.toThrow(
      /^Guarded\.guarded: .*TransientGuard.*without being constructed\. Make TransientGuard a singleton/,
    );
  });
});

describe('global enhancers that are request-scoped', () => {
  @Injectable({ scope: Scope.REQUEST })
  class TenantGuard implements CanActivate {
    private readonly isConstructed = true;

    constructor(@Inject(REQUEST) private readonly job: Job) {}

    canActivate(context: ExecutionContext): boolean {
      const job: unknown = context.switchToRpc().getContext();
      happened.push(this.isConstructed && this.job === job);
      return true;
    }
  }
  const scopedGuard: Provider = {
    provide: APP_GUARD,
    useClass: TenantGuard,
    scope: Scope.REQUEST,
  };

  it('run, made for the job, where a handler asks for them', async () => {
    @Injectable()
    class Asking implements OnModuleInit {
      onModuleInit(): void {
        happened.push('onModuleInit');
      }

      @JobHandler('asking', { enhancers: 'all', scopedGlobals: true })
      asking(): string {
        return 'fine';
      }
    }
    const app = await start(scopedGuard, Asking);

    expect(await run(app, 'asking')).toBe('fine');
    expect(await run(app, 'asking')).toBe('fine');

    // It is what they make of its class that has a price: request-scoped, it has no hooks.
    expect(happened).toEqual([true, true]);
  });

  it('cost a handler that asks for them nothing where there are none', async () => {
    @Injectable()
    class Asking extends Numbered {
      @JobHandler('asking', { enhancers: 'all', scopedGlobals: true })
      asking(): number {
        return this.number;
      }
    }
    const app = await start(Asking);

    expect(await run(app, 'asking')).toBe(await run(app, 'asking'));
  });

  it('are left out of a singleton that does not ask, which is told', async () => {
    @Injectable()
    class Silent {
      @JobHandler('silent', { enhancers: 'all' })
      silent(): string {
        return 'fine';
      }
    }
    const { logger } = apps;
    const app = await start(scopedGuard, Silent);

    expect(await run(app, 'silent')).toBe('fine');
    expect(happened).toEqual([]);
    expect(logger.ours).toContainEqual(
      expect.stringMatching(
        /^warn .*Silent\.silent runs without the global guard TenantGuard, .*`scopedGlobals`/,
      ),
    );
  });

  it.each([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('stop the start for a %s class that does not ask for them', async (_, scope) => {
    @Injectable({ scope })
    class Scoped {
      @JobHandler('scoped')
      scoped(): string {
        return 'fine';
      }
    }

    const all = appOf(apps, [scopedGuard, Scoped], { enhancers: 'all' });
    await expect(all).rejects.toThrow(InvalidHandlerError);
    await expect(all).rejects.toThrow(/^Scoped\.scoped: .*guard TenantGuard.*scopedGlobals: true/);
    const local = await start(scopedGuard, Scoped);
    expect(await run(local, 'scoped')).toBe('fine');
    expect(happened).toEqual([]);
  });

  it('cannot be asked for in vain', async () => {
    @Injectable()
    class Local {
      @JobHandler('local', { scopedGlobals: true })
      local(): void {}
    }
    class Asking {
      @JobHandler('asking', { enhancers: 'all', scopedGlobals: true })
      asking(): void {}
    }
    const made = { provide: 'made', useFactory: () => new Asking() };

    await expect(start(Local)).rejects.toThrow(/^Local\.local: .*`enhancers: 'all'` too/);
    await expect(start(scopedGuard, made)).rejects.toThrow(/^Asking\.asking: .*with useClass/);
  });
});

it.each([
  ['transient', Scope.TRANSIENT],
  ['request-scoped', Scope.REQUEST],
])('a %s class cannot listen to events, for which nothing is made', async (word, scope) => {
  @Injectable({ scope })
  class Listening {
    @OnJobEvent('failed')
    onFailed(): void {}
  }

  const started = start(Listening);

  await expect(started).rejects.toThrow(InvalidHandlerError);
  await expect(started).rejects.toThrow(
    new RegExp(`^Listening\\.onFailed: .*its class is ${word}.*singleton class`),
  );
});

it('classes of both scopes handle the jobs of any instance', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Jobs {
    @JobHandler('name')
    main(): string {
      return 'main';
    }

    @JobHandler('name', { instance: 'reports' })
    reports(): string {
      return 'reports';
    }
  }
  const app = await apps.start({
    imports: [
      AgendaRedisModule.forRoot({ backend: new MemoryBackend() }),
      AgendaRedisModule.forRoot({ backend: new MemoryBackend(), instance: 'reports' }),
    ],
    providers: [Jobs],
  });
  const reports = app.get<JobScheduler>('JobScheduler(reports)');

  expect(await run(app, 'name')).toBe('main');
  expect(await reports.runAndWait('name')).toBe('reports');
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
