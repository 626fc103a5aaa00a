import {
  ForbiddenException,
  RequestMethod,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { Redis } from 'ioredis';
import { of } from 'rxjs';
import { AgendaDashboardModule, type AgendaDashboardOptions } from '../../lib/dashboard/index.js';
import { tokenFor } from '../../lib/dashboard/lock/session-token.js';
import { RedisBackend } from '../../lib/redis/index.js';
import { monitor } from '../support/monitor.js';
import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { PageClient, type Proof } from './page-client.js';
import {
  atEnd,
  closeDashboards,
  PLATFORMS,
  startDashboard,
  type Platform,
  type RunningDashboard,
} from './support.js';

let redis: PrivateRedis;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());
afterEach(closeDashboards);

const wordOf = (context: ExecutionContext): string | undefined =>
  context.switchToHttp().getRequest<{ headers: Proof }>().headers['x-test'];

/** Lets those in who say a word, and refuses others in one of the ways that guards have. */
const guardThat = (refuses: () => ReturnType<CanActivate['canActivate']>): CanActivate => ({
  canActivate: (context) => wordOf(context) === 'admin' || refuses(),
});

const anybody: CanActivate = { canActivate: (context) => wordOf(context) !== undefined };

const unauthorized = guardThat(() => {
  throw new UnauthorizedException();
});

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

/** Every route of the dashboards of an application, as Nest itself finds them, with ids and names filled in. */
function routesOf({ app }: RunningDashboard): Route[] {
  const modules = [...app.get(ModulesContainer).values()];
  const own = modules.filter(({ metatype }) => metatype === AgendaDashboardModule);
  const controllers = own.flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => routesOfController(metatype as Type));
}

function routesOfController(controller: Type): Route[] {
  const base = Reflect.getMetadata(PATH_METADATA, controller) as string;
  const prototype = controller.prototype as Record<string, object>;
  const methods = new MetadataScanner().getAllMethodNames(prototype);
  return methods.flatMap((name) => {
    const paths = Reflect.getMetadata(PATH_METADATA, prototype[name]!) as
      string | string[] | undefined;
    if (paths === undefined) return [];
    const method = Reflect.getMetadata(METHOD_METADATA, prototype[name]!) as RequestMethod;
    return [paths].flat().map((path) => ({
      method: RequestMethod[method] as Route['method'],
      path: `${base}/${path}`
        .replaceAll(/:\w+/g, 'a')
        .replaceAll(/\/+/g, '/')
        .replace(/(.)\/$/, '$1'),
    }));
  });
}

/** A dashboard on Redis, and what Redis was asked since the last look. */
async function startWatched(platform: Platform, dashboard: AgendaDashboardOptions) {
  const client = new Redis(redis.url);
  atEnd(() => client.quit());
  await client.flushall();
  const running = await startDashboard({
    platform,
    dashboard,
    backend: new RedisBackend({ connectionString: redis.url }),
    agenda: { worker: false, metrics: false },
  });
  const { id } = await running.scheduler.schedule('in 1 hour', 'mail', { to: 'ann' });
  const seen: string[] = [];
  atEnd(await monitor(client, ([command]) => seen.push(command!)));
  const asked = async () => {
    // What came before this has been told before it.
    await client.echo('seen');
    const before = seen.splice(0);
    return before.filter((command) => !/^(echo|ping|info|client)$/i.test(command));
  };
  return { running, id, asked };
}

describe.each(PLATFORMS)('guards (%s)', (platform) => {
  const refusals: [how: string, guard: CanActivate, status: number][] = [
    ['throw that nobody is signed in', unauthorized, 401],
    [
      'throw that this one may not',
      guardThat(() => {
        throw new ForbiddenException('No.');
      }),
      403,
    ],
    ['answer no', guardThat(() => false), 403],
    ['answer no later', guardThat(() => Promise.resolve(false)), 403],
    ['answer no as an observable', guardThat(() => of(false)), 403],
  ];
  it.each(refusals)(
    'that %s keep everybody out of every route, and away from Redis',
    async (_, guard, status) => {
      const { running, asked } = await startWatched(platform, {
        guards: [guard],
        path: '/ops/jobs',
      });
      const routes = routesOf(running);
      expect(routes.filter(({ method }) => method === 'GET').length).toBeGreaterThan(12);
      expect(routes.filter(({ method }) => method === 'POST').length).toBeGreaterThan(8);
      const { proof } = await PageClient.open(running, { 'x-test': 'admin' });
      await asked();

      for (const { method, path } of routes) {
        const init =
          method === 'POST' ? { method, headers: { ...proof, 'x-test': '' }, body: '{}' } : {};
        const response = await fetch(running.origin + path, { redirect: 'manual', ...init });
        expect({ path, status: response.status }).toEqual({ path, status });
        await response.text();
      }
      expect(await asked()).toEqual([]);
    },
  );

  it('of changes refuse these alone, whoever may look', async () => {
    const { running, id, asked } = await startWatched(platform, {
      guards: [anybody],
      changeGuards: [unauthorized],
    });
    const viewer = await PageClient.open(running, { 'x-test': 'viewer' });
    const admin = await PageClient.open(running, { 'x-test': 'admin' });
    await asked();

    for (const { method, path } of routesOf(running)) {
      if (method !== 'POST') continue;
      const below = path.slice(running.path.length + 1);
      expect({ path, ...(await viewer.post(below)) }).toMatchObject({ path, status: 401 });
    }
    expect(await asked()).toEqual([]);
    expect(await admin.post(`api/jobs/${id}/promote`)).toMatchObject({ status: 200 });
  });
});

describe.each(PLATFORMS)('a change (%s)', (platform) => {
  const host = 'jobs.example.com';
  const noSite = { 'sec-fetch-site': '' };
  const refusals: [what: string, headers: Proof, status: number][] = [
    ['without a token', { 'x-dashboard-token': '' }, 403],
    ['with a token that is none', { 'x-dashboard-token': 'a' }, 403],
    [
      'with the token of another session',
      { 'x-dashboard-token': tokenFor({ headers: {} }).token },
      403,
    ],
    ['without the cookie', { cookie: '' }, 403],
    ['with the cookie of another session', { cookie: tokenFor({ headers: {} }).setCookie }, 403],
    ['from another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['from another host of the same site', { 'sec-fetch-site': 'same-site' }, 403],
    ['that somebody typed into the browser', { 'sec-fetch-site': 'none' }, 403],
    ['from another origin', { ...noSite, origin: 'https://evil.example.com' }, 403],
    ['from an origin that hides itself', { ...noSite, origin: 'null' }, 403],
    ['from an origin that is none', { ...noSite, origin: 'jobs' }, 403],
    ['as a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['as text', { 'content-type': 'text/plain' }, 415],
    ['as what only begins like JSON', { 'content-type': 'application/jsonp' }, 415],
    ['as a form with parts', { 'content-type': 'multipart/form-data; boundary=a' }, 415],
  ];
  it.each(refusals)('is refused %s, and Redis is not asked', async (_, headers, status) => {
    const { running, id, asked } = await startWatched(platform, { public: true });
    const page = await PageClient.open(running);
    await asked();

    const answer = await page.postText(`api/jobs/${id}/promote`, '{}', headers);

    expect(answer).toMatchObject({ status, body: { statusCode: status } });
    expect(await asked()).toEqual([]);
    expect((await running.scheduler.get(id))!.state).toBe('scheduled');
  });

  const proofs: [what: string, headers: Proof][] = [
    ['of its own page', {}],
    ['of its own page, as older browsers tell it', { ...noSite, origin: `http://${host}`, host }],
    [
      'of its own page behind a proxy',
      { ...noSite, origin: `https://${host}`, 'x-forwarded-host': `${host}, inner` },
    ],
    ['of a script, which is no browser', noSite],
    ['in JSON that says how it is written', { 'content-type': 'application/json; charset=utf-8' }],
  ];
  it.each(proofs)('is made %s', async (_, { host: own, ...headers }) => {
    const { running, id } = await startWatched(platform, { public: true });
    const page = await PageClient.open(running);
    const here = running.origin.replace('http://', '');
    const origin = own === undefined ? headers : { ...headers, origin: `http://${here}` };

    const answer = await page.postText(`api/jobs/${id}/promote`, '{}', origin);

    expect(answer).toEqual({ status: 200, body: { id, outcome: 'ok' } });
  });

  it('is refused by a dashboard that is read-only, whoever asks, on every route', async () => {
    const { running, asked } = await startWatched(platform, { public: true, readOnly: true });
    const page = await PageClient.open(running);
    await asked();

    for (const { method, path } of routesOf(running)) {
      if (method !== 'POST') continue;
      const answer = await page.post(path.slice(running.path.length + 1));
      expect({ path, ...answer }).toMatchObject({
        path,
        status: 403,
        body: { message: /read-only/ },
      });
    }
    expect(await asked()).toEqual([]);
  });

  it('is refused on every route without a token', async () => {
    const { running, asked } = await startWatched(platform, { public: true });
    const page = await PageClient.open(running);
    await asked();

    for (const { method, path } of routesOf(running)) {
      if (method !== 'POST') continue;
      const below = path.slice(running.path.length + 1);
      const answer = await page.postText(below, '{}', { 'x-dashboard-token': '' });
      expect({ path, status: answer.status }).toEqual({ path, status: 403 });
    }
    expect(await asked()).toEqual([]);
  });
});
