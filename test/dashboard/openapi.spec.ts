import { Injectable, RequestMethod, type INestApplication, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Job } from '../../lib/core/index.js';
import { AgendaDashboardModule, type JobPage } from '../../lib/dashboard/index.js';
import { JobHandler } from '../../lib/nest/index.js';
import { until } from '../nest/support.js';
import { PageClient } from './page-client.js';
import { closeDashboards, startDashboard, type RunningDashboard } from './support.js';
import { Viewer } from './viewer.js';

afterEach(closeDashboards);

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

interface Operation {
  readonly responses: { 200: { content: Record<string, { schema: object }> } };
}

/** Checks bodies against the schemas of the document that the application serves. */
async function checkerOf(dashboard: RunningDashboard) {
  const document = await dashboard.get<OpenApi>('api/openapi.json');
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  ajv.addSchema(document, 'api');
  const faults = (schema: object | string, body: unknown): unknown[] => {
    const ref = typeof schema === 'string' ? `#/components/schemas/${schema}` : schemaRef(schema);
    const validate = ajv.getSchema(`api${ref}`)!;
    void validate(body);
    return validate.errors ?? [];
  };
  return { document, faults };
}

const schemaRef = (schema: object): string => (schema as { $ref: string }).$ref;

@Injectable()
class Mail {
  @JobHandler('mail', { globalConcurrency: 5 })
  send(job: Job): string {
    job.log('sent');
    return 'sent';
  }

  @JobHandler('bill', { attempts: 2, backoff: 1 })
  bill(): never {
    throw new Error('no paper');
  }

  @JobHandler('endless')
  endless(job: Job): Promise<void> {
    job.progress({ step: 1 });
    return new Promise((resolve) => job.signal.addEventListener('abort', () => resolve()));
  }
}

/** An application with jobs of all kinds. */
async function startBusy(): Promise<RunningDashboard> {
  const dashboard = await startDashboard({ metadata: { providers: [Mail] } });
  const { scheduler } = dashboard;
  await scheduler.now('mail', { to: 'ada' }, { tags: ['eu'], context: { tenant: 'acme' } });
  await scheduler.now('bill');
  await scheduler.now('endless');
  await scheduler.schedule('in 1 hour', 'later');
  await scheduler.every('0 2 * * *', 'report', {}, { timezone: 'Europe/Berlin', key: 'eu' });
  await scheduler.pause('later', { reason: 'release' });
  await until(async () => (await scheduler.counts('bill')).dead === 1);
  await until(async () => (await scheduler.counts('mail')).completed === 1);
  await until(async () => (await scheduler.counts('endless')).running === 1);
  await scheduler.pause({ reason: 'release' });
  return dashboard;
}

/** The routes that the controllers really have: `GET /jobs/{}`. */
function routesOf(app: INestApplication): string[] {
  const modules = [...app.get(ModulesContainer, { strict: false }).values()];
  const { controllers } = modules.find(({ metatype }) => metatype === AgendaDashboardModule)!;
  return [...controllers.values()]
    .map(({ metatype }) => metatype as Type)
    .flatMap((controller) => {
      const base = String(Reflect.getMetadata('path', controller));
      return base.endsWith('/api') ? ofController(controller) : [];
    });
}

function ofController(controller: Type): string[] {
  const prototype = Object.getPrototypeOf(controller.prototype) as Record<string, object>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    const method = Reflect.getMetadata('method', handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const paths = [Reflect.getMetadata('path', handler) as string | string[]].flat();
    return paths.map((path) => `${RequestMethod[method]} /${path.replace(/:\w+/g, '{}')}`);
  });
}

const ACTION_OF_JOB = /^POST \/jobs\/\{\}\/[\w-]+$/;

it('describes every route of the API, and none more', async () => {
  const dashboard = await startDashboard();
  const { document } = await checkerOf(dashboard);
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map(
      (method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '{}')}`,
    ),
  );
  const shown = described.map((route) => (ACTION_OF_JOB.test(route) ? 'POST /jobs/{}/{}' : route));

  expect(document.openapi).toBe('3.1.0');
  expect([...new Set(shown)].sort()).toEqual(routesOf(dashboard.app).sort());
});

it('describes no action of a job that there is not', async () => {
  const dashboard = await startDashboard();
  const { document } = await checkerOf(dashboard);
  const actions = Object.keys(document.paths).flatMap((path) => {
    const [, action] = /^\/jobs\/\{id\}\/([\w-]+)$/.exec(path) ?? [];
    return action === undefined || action === 'logs' ? [] : [action];
  });

  expect(actions).toHaveLength(10);
  const page = await PageClient.open(dashboard);
  for (const action of actions) {
    const { status, body } = await page.post(`api/jobs/unknown/${action}`, bodyOf(action));

    expect([action, status, body]).toEqual([
      action,
      404,
      expect.objectContaining({ error: 'JobNotFoundError' }),
    ]);
  }
});

it('is what real answers are', async () => {
  const dashboard = await startBusy();
  const { document, faults } = await checkerOf(dashboard);
  const { jobs } = await dashboard.get<JobPage>('api/jobs');

  for (const [path, { get }] of Object.entries(document.paths)) {
    const schema = get?.responses[200].content['application/json']?.schema;
    if (!schema || !schemaRef(schema)) continue;
    const ids = path.includes('{id}') ? jobs.map(({ id }) => id) : [''];
    for (const id of ids) {
      const real = path.replace('{id}', id).replace('{name}', 'mail');
      const query = path.endsWith('preview') ? '?interval=1+hour' : '';
      const body = await dashboard.get(`api${real}${query}`);

      expect([real, faults(schema, body)]).toEqual([real, []]);
    }
  }
  const viewer = await Viewer.open(dashboard);
  expect(faults('Overview', await viewer.sees('overview'))).toEqual([]);
  expect(faults('ApiError', (await dashboard.answer('api/jobs/unknown')).body)).toEqual([]);
});

it('is what real changes answer', async () => {
  const dashboard = await startBusy();
  const { faults } = await checkerOf(dashboard);
  const changes: [path: string, body: object, answer: string][] = [
    ['api/jobs', { name: 'later', runAt: 'in 1 day', priority: 5 }, 'Changed'],
    ['api/jobs/bulk', { action: 'remove', ids: ['unknown'] }, 'BulkAnswer'],
    ['api/names/mail/pause', { reason: 'release' }, 'Switched'],
    ['api/names/mail/resume', {}, 'Switched'],
    ['api/pause', {}, 'Switched'],
    ['api/resume', {}, 'Switched'],
    ['api/dead/requeue', { names: ['bill'], limit: 1 }, 'DeadAnswer'],
    ['api/dead/purge', { all: true }, 'DeadAnswer'],
  ];
  const page = await PageClient.open(dashboard);
  for (const [path, body, schema] of changes) {
    const answer = await page.post(path, body);

    expect([path, answer.status, faults(schema, answer.body)]).toEqual([path, 200, []]);
  }
});

it('finds fault with what an answer has too much, or not', async () => {
  const dashboard = await startDashboard();
  const { faults } = await checkerOf(dashboard);

  expect(faults('Switched', {})).not.toEqual([]);
  expect(faults('Switched', { changed: true, more: 1 })).not.toEqual([]);
  expect(faults('PauseInfo', { at: 'today', reason: null, by: null })).not.toEqual([]);
});

function bodyOf(action: string): object {
  if (action === 'update') return { priority: 1 };
  if (action === 'reschedule') return { runAt: 'in 1 hour' };
  return action === 'change-schedule' ? { interval: '1 hour' } : {};
}
