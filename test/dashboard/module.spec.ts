import {
  Controller,
  Get,
  Injectable,
  Module,
  VersioningType,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { map, type Observable } from 'rxjs';
import { InvalidOptionError } from '../../lib/core/index.js';
import {
  AgendaDashboardModule,
  type AgendaDashboardOptions,
  type Overview,
  type Session,
} from '../../lib/dashboard/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import { AgendaRedisModule, getInstanceToken } from '../../lib/nest/index.js';
import { JobScheduler } from '../../lib/core/index.js';
import { closeDashboards, PLATFORMS, startDashboard } from './support.js';

afterEach(closeDashboards);

class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

describe('options', () => {
  const refusals: [what: string, options: object, message: RegExp][] = [
    ['no word on who may look', {}, /`guards` to be a list of the guards .* `public: true`/],
    ['an empty list of guards', { guards: [] }, /`guards` to be a list of the guards/],
    ['guards, and yet everybody', { guards: [Nobody], public: true }, /`public`/],
    ['`public: false` without guards', { public: false }, /`guards`/],
    ['a guard that is none', { guards: ['admin'] }, /`guards` to be a list of guards/],
    ['a class that is no guard', { guards: [MemoryBackend] }, /`guards`/],
    ['a guard of changes that is none', { public: true, changeGuards: [{}] }, /`changeGuards`/],
    ['a word that is no option', { public: true, readonly: true }, /`readonly`.*`readOnly`/],
    ['a path with a parameter', { public: true, path: '/:tenant' }, /`path`/],
    ['a path that leads up', { public: true, path: '/a/../b' }, /`path`/],
    ['a list that is no list', { public: true, redact: 'password' }, /`redact`/],
    ['an audit that is no function', { public: true, audit: {} }, /`audit`/],
    ['an instance without a name', { public: true, instance: '' }, /`instance`/],
  ];
  it.each(refusals)('are refused with a remedy: %s', (_, options, message) => {
    const call = () => AgendaDashboardModule.forRoot(options as AgendaDashboardOptions);

    expect(call).toThrow(InvalidOptionError);
    expect(call).toThrow(message);
  });

  it('are refused at start when there is no such instance', async () => {
    const module = await Test.createTestingModule({
      imports: [
        AgendaRedisModule.forRoot({ backend: new MemoryBackend() }),
        AgendaDashboardModule.forRoot({ public: true, instance: 'reports' }),
      ],
    }).compile();
    const app = module.createNestApplication();

    await expect(app.init()).rejects.toThrow(/`instance`.*`AgendaRedisModule`.*'reports'/);
    await app.close().catch(() => undefined);
  });
});

describe.each(PLATFORMS)('the page on %s', (platform) => {
  it('is served with its files, whole and locked up', async () => {
    const dashboard = await startDashboard({ platform });

    for (const [file, type] of [
      ['', 'text/html'],
      ['index.html', 'text/html'],
      ['app.js', 'text/javascript'],
      ['app.css', 'text/css'],
    ] as const) {
      const response = await dashboard.fetch(file);

      expect([file, response.status]).toEqual([file, 200]);
      expect(response.headers.get('content-type')).toContain(type);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    }
  });

  it('leads from its path without a slash to the one with it, wherever a proxy has it', async () => {
    const dashboard = await startDashboard({ platform });

    const response = await fetch(`${dashboard.origin}/jobs?from=mail`, { redirect: 'manual' });

    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('jobs/');
  });

  it('leaves to the application what is not its own', async () => {
    const dashboard = await startDashboard({ platform });

    expect((await dashboard.fetch('secrets.txt')).status).toBe(404);
    expect((await dashboard.fetch('a/b/')).status).toBe(404);
    expect((await fetch(`${dashboard.origin}/jobs-elsewhere`)).status).toBe(404);
  });

  it('stands below a global prefix, beside versions, and at a path of several parts', async () => {
    const dashboard = await startDashboard({
      platform,
      dashboard: { public: true, path: 'admin/jobs/' },
      prepare: (app) => {
        app.setGlobalPrefix('shop');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    const at = (path: string) => fetch(`${dashboard.origin}/shop/admin/jobs${path}`);

    expect((await at('/')).headers.get('content-type')).toContain('text/html');
    expect((await at('')).url).toMatch(/\/shop\/admin\/jobs\/$/);
    expect((await at('/api/overview')).status).toBe(200);
  });

  it('can stand at the root, and takes nothing there from the application', async () => {
    @Controller()
    class Shop {
      @Get('orders')
      orders(): string {
        return 'orders';
      }
    }
    const dashboard = await startDashboard({
      platform,
      dashboard: { public: true, path: '/' },
      metadata: { controllers: [Shop] },
    });
    const text = async (path: string) => (await fetch(`${dashboard.origin}${path}`)).text();

    expect(await text('/')).toContain('<!doctype html>');
    expect(await text('/orders')).toBe('orders');
    expect(JSON.parse(await text('/api/overview'))).toMatchObject({ names: [] });
  });

  it('is what it is where the application wraps all that its controllers return', async () => {
    @Injectable()
    class Wrap implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(map((data: unknown) => ({ data })));
      }
    }
    const dashboard = await startDashboard({
      platform,
      metadata: { providers: [{ provide: APP_INTERCEPTOR, useClass: Wrap }] },
    });

    expect(await (await dashboard.fetch('')).text()).toContain('<!doctype html>');
    expect(await dashboard.get<Session>('api/session')).toMatchObject({ instance: 'default' });
  });
});

describe('several dashboards of one application', () => {
  it('show each its own instance, at its own path, behind its own guards', async () => {
    const dashboard = await startDashboard({
      dashboard: { path: '/shop-jobs', public: true },
      metadata: {
        imports: [
          AgendaRedisModule.forRoot({ instance: 'reports', backend: new MemoryBackend() }),
          AgendaDashboardModule.forRoot({
            path: '/report-jobs',
            public: true,
            instance: 'reports',
          }),
          AgendaDashboardModule.forRoot({ path: '/closed', guards: [Nobody], instance: 'reports' }),
        ],
      },
    });
    await dashboard.scheduler.now('order');
    await dashboard.app.get<JobScheduler>(getInstanceToken(JobScheduler, 'reports')).now('sales');
    const namesAt = async (path: string) => {
      const overview = await (await fetch(`${dashboard.origin}${path}/api/overview`)).json();
      return (overview as Overview).names.map(({ name }) => name);
    };

    expect(await namesAt('/shop-jobs')).toEqual(['order']);
    expect(await namesAt('/report-jobs')).toEqual(['sales']);
    expect((await fetch(`${dashboard.origin}/closed/api/overview`)).status).toBe(403);
    expect((await fetch(`${dashboard.origin}/closed/`)).status).toBe(403);
  });

  it('find an instance that is not global', async () => {
    const backend = new MemoryBackend();
    @Module({ imports: [AgendaRedisModule.forRoot({ instance: 'own', isGlobal: false, backend })] })
    class Reports {}
    const dashboard = await startDashboard({
      metadata: {
        imports: [
          Reports,
          AgendaDashboardModule.forRoot({ path: '/own', public: true, instance: 'own' }),
        ],
      },
    });

    const response = await fetch(`${dashboard.origin}/own/api/session`);

    expect(await response.json()).toMatchObject({ instance: 'own' });
  });
});

describe('guards', () => {
  @Injectable()
  class Accounts {
    isAdmin(key: unknown): boolean {
      return key === 'admin';
    }
  }
  @Injectable()
  class AdminGuard implements CanActivate {
    constructor(private readonly accounts: Accounts) {}

    canActivate(context: ExecutionContext): boolean {
      const request = context.switchToHttp().getRequest<{
        headers: Record<string, unknown>;
        user?: unknown;
      }>();
      request.user = { name: 'Ada' };
      return this.accounts.isAdmin(request.headers['x-key']);
    }
  }
  @Module({ providers: [Accounts], exports: [Accounts] })
  class AccountsModule {}

  it('may need providers of a module that is given along', async () => {
    const dashboard = await startDashboard({
      dashboard: { guards: [AdminGuard], imports: [AccountsModule] },
    });

    const refused = await dashboard.answer('api/session');
    const let_in = await dashboard.answer('api/session', { headers: { 'x-key': 'admin' } });

    expect(refused).toMatchObject({ status: 403, body: { statusCode: 403, error: 'Forbidden' } });
    expect(let_in).toMatchObject({ status: 200, body: { user: 'Ada' } });
  });

  it('stand before every route', async () => {
    const dashboard = await startDashboard({ dashboard: { guards: [new Nobody()] } });
    const routes = [
      '',
      'index.html',
      'app.js',
      'app.css',
      'api/session',
      'api/overview',
      'api/live',
    ];
    const more = ['names/a', 'jobs', 'jobs/1', 'jobs/1/logs', 'schedules', 'hosts', 'openapi.json'];
    for (const route of [...routes, ...more.map((one) => `api/${one}`)]) {
      expect([route, (await dashboard.fetch(route)).status]).toEqual([route, 403]);
    }
  });
});
