import { CHANGE_ROUTES } from '../../lib/dashboard/openapi/routes.js';
import { PageClient } from './page-client.js';
import {
  closeDashboards,
  PLATFORMS,
  startDashboard,
  type Platform,
  type RunningDashboard,
} from './support.js';

afterEach(closeDashboards);

async function start(platform: Platform) {
  const dashboard = await startDashboard({
    platform,
    dashboard: { public: true, redact: ['password'] },
    agenda: { worker: false },
  });
  return { dashboard, page: await PageClient.open(dashboard), scheduler: dashboard.scheduler };
}

/** All that a change could have changed. */
async function storeOf({ scheduler }: RunningDashboard): Promise<unknown> {
  const { jobs } = await scheduler.find();
  return { jobs: jobs.map((job) => job.toJSON()), pauses: await scheduler.pauses() };
}

const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `job-${n}`);

describe.each(PLATFORMS)('a hostile body (%s)', (platform) => {
  const bodies: [path: string, body: string][] = [
    ['jobs/a/requeue', '[]'],
    ['jobs/a/requeue', '{"date":1}'],
    ['jobs/a/requeue', '{"runAt":5}'],
    ['jobs/a/requeue', '{"runAt":""}'],
    ['jobs/a/requeue', `{"runAt":"${'x'.repeat(257)}"}`],
    ['jobs/a/requeue', '{"runAt":"someday"}'],
    ['jobs/a/requeue', '{"resetAttempts":"yes"}'],
    ['jobs/a/requeue', '{"expectName":"mail"}'],
    ['jobs/a/promote', '{"now":true}'],
    ['jobs/a/promote', '{"constructor":1}'],
    ['jobs/a/promote', '{"toString":1}'],
    ['jobs/a/cancel', '{"reason":7}'],
    ['jobs/a/cancel', `{"reason":"${'x'.repeat(1001)}"}`],
    ['jobs/a/remove', '{"reason":"x"}'],
    ['jobs/a/run-again', '{"data":1}'],
    ['jobs/a/update', '{}'],
    ['jobs/a/update', '{"priority":"high"}'],
    ['jobs/a/update', '{"priority":1e999}'],
    ['jobs/a/update', '{"nextRunAt":"now"}'],
    ['jobs/a/update', `{"data":${'['.repeat(1001)}${']'.repeat(1001)}}`],
    ['jobs/a/update', '{"data":{"password":"•••","list":[{"password":"•••"}]}}'],
    ['jobs/a/reschedule', '{}'],
    ['jobs/a/reschedule', '{"runAt":["now"]}'],
    ['jobs/a/change-schedule', '{}'],
    ['jobs/every/change-schedule', '{"interval":60000}'],
    ['jobs/every/change-schedule', '{"interval":"* * * *"}'],
    ['jobs/every/change-schedule', '{"interval":"1 hour","timezone":"Mars/Olympus"}'],
    ['jobs', '{}'],
    ['jobs', '{"name":["mail"]}'],
    ['jobs', '{"name":"a\\u0000b"}'],
    ['jobs', `{"name":"${'é'.repeat(200)}"}`],
    ['jobs', '{"name":"mail","runAt":"never"}'],
    ['jobs', '{"name":"mail","id":"chosen"}'],
    ['jobs', '{"name":"mail","data":{"Password":"•••"}}'],
    ['jobs/bulk', '{}'],
    ['jobs/bulk', '{"action":"cancel"}'],
    ['jobs/bulk', '{"action":"cancel","ids":[]}'],
    ['jobs/bulk', '{"action":"cancel","ids":"a"}'],
    ['jobs/bulk', '{"action":"cancel","ids":{"length":1,"0":"a"}}'],
    ['jobs/bulk', '{"action":"cancel","ids":["a",5]}'],
    ['jobs/bulk', '{"action":"cancel","ids":["a",""]}'],
    ['jobs/bulk', `{"action":"cancel","ids":${JSON.stringify(many(201))}}`],
    ['jobs/bulk', '{"action":"obliterate","ids":["a"]}'],
    ['jobs/bulk', '{"action":"constructor","ids":["a"]}'],
    ['jobs/bulk', '{"action":"update","ids":["a"]}'],
    ['pause', '{"name":"mail"}'],
    ['pause', '{"by":"somebody else"}'],
    ['pause', '{"reason":null}'],
    ['resume', '{"reason":"x"}'],
    ['names/mail/pause', '{"drain":true}'],
    ['dead/requeue', '{}'],
    ['dead/requeue', '{"all":false}'],
    ['dead/requeue', '{"all":1}'],
    ['dead/requeue', '{"limit":5}'],
    ['dead/requeue', '{"all":true,"names":["mail"]}'],
    ['dead/requeue', '{"names":[]}'],
    ['dead/requeue', '{"reason":"boredom"}'],
    ['dead/requeue', '{"olderThan":-1}'],
    ['dead/requeue', '{"olderThan":"long ago"}'],
    ['dead/purge', '{"all":true,"limit":0}'],
    ['dead/purge', '{"all":true,"limit":10001}'],
    ['dead/purge', '{"all":true,"limit":1.5}'],
    ['dead/purge', '{"data":{"to":"ann"}}'],
    ['dead/purge', '{"reason":"boredom"}'],
    ['dead/purge', '{"olderThan":"long ago"}'],
    ['jobs/a/promote', '{'],
    ['jobs/a/promote', '"text"'],
    ['jobs/a/promote', 'null'],
    ['jobs/a/promote', '{"__proto__":{"admin":true}}'],
    ['jobs/a/promote', '{"constructor":{"prototype":{"admin":true}}}'],
  ];

  it('is refused with a message, and nothing is changed', async () => {
    const { dashboard, page, scheduler } = await start(platform);
    await scheduler.schedule('in 1 hour', 'mail', { to: 'ann' }, { id: 'a' });
    const { id: every } = await scheduler.every('1 hour', 'mail', 1, { skipImmediate: true });
    const before = await storeOf(dashboard);

    for (const [path, body] of bodies) {
      const answer = await page.postText(`api/${path.replace('/every/', `/${every}/`)}`, body);
      expect({ path, body: body.slice(0, 80), status: answer.status }).toEqual({
        path,
        body: body.slice(0, 80),
        status: 400,
      });
      const { message } = answer.body as { message: unknown };
      expect(typeof message).toBe('string');
    }
    expect(await storeOf(dashboard)).toEqual(before);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it('is refused by every change that is described, and by its name', async () => {
    const { page } = await start(platform);

    for (const { path } of CHANGE_ROUTES) {
      const of = path.slice(1).replace(/\{\w+\}/, 'a');
      const answer = await page.post(`api/${of}`, { unheardOf: 1 });
      expect({ path, ...answer }).toMatchObject({
        path,
        status: 400,
        body: { message: /`body.unheardOf`/ },
      });
    }
  });

  it('that is too large is refused before it is read', async () => {
    const { page } = await start(platform);

    const { status } = await page.post('api/jobs', { name: 'mail', data: 'x'.repeat(1_100_000) });

    expect(status).toBe(413);
  });

  it('that nests deeper than any data is refused, however deep it is', async () => {
    const { page, scheduler } = await start(platform);
    await scheduler.schedule('in 1 hour', 'mail', 1, { id: 'a' });
    const deep = `{"data":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`;

    const { status, body } = await page.postText('api/jobs/a/update', deep);

    expect({ status, body }).toMatchObject({ status: 400, body: { error: 'InvalidJobError' } });
  });
});

describe.each(PLATFORMS)('a hostile name or id (%s)', (platform) => {
  const texts = [
    'a/b',
    '../../api/pause',
    'a b+c',
    'a?b=c#d',
    'a%2Fb',
    '<img src=x onerror=alert(1)>',
    '"\'`;DROP',
    '日本語 🎉',
    '*',
    ':id',
    '__proto__',
    'constructor',
    'bulk',
    '{p}:jobs',
  ];
  it.each(texts)('%s means the job and the name that are called so, and no other', async (text) => {
    const { page, scheduler } = await start(platform);
    const other = await scheduler.schedule('in 1 hour', 'other', 1);
    await scheduler.schedule('in 1 hour', text, 1, { id: text });
    const encoded = encodeURIComponent(text);

    expect(await page.change(`api/jobs/${encoded}/promote`)).toEqual({ id: text, outcome: 'ok' });
    expect(await page.change(`api/names/${encoded}/pause`)).toEqual({ changed: true });

    expect(Object.keys((await scheduler.pauses()).names)).toEqual([text]);
    expect((await scheduler.get(text))!.state).toBe('queued');
    expect((await scheduler.get(other.id))!.state).toBe('scheduled');
    expect(await scheduler.isPaused('other')).toBe(false);
  });

  it('of dots alone, which no path can name, is asked for in a body', async () => {
    const { page, scheduler } = await start(platform);
    await scheduler.schedule('in 1 hour', 'mail', 1, { id: '..' });

    const answer = await page.change('api/jobs/bulk', { action: 'promote', ids: ['..'] });

    expect(answer).toEqual({ done: 1, refused: [] });
    expect((await scheduler.get('..'))!.state).toBe('queued');
  });

  it.each([
    ['control characters', 'a%00b', 400],
    ['a line break', 'a%0Ab', 400],
    ['more than 256 bytes', 'é'.repeat(33) + 'x'.repeat(200), 400],
    ['bytes that are no text', '%FF', 400],
    ['half an escape', '%E0%A4%A', 400],
    ['nothing', '', 404],
  ])('of %s is refused', async (_, text, status) => {
    const { dashboard, page } = await start(platform);
    const before = await storeOf(dashboard);
    const encoded = /^[%\w]*$/.test(text) ? text : encodeURIComponent(text);

    // Fastify takes no part of a path that is longer than its `maxParamLength`.
    const refusal = platform === 'fastify' && encoded.length > 100 ? 414 : status;
    for (const path of [`api/jobs/${encoded}/cancel`, `api/names/${encoded}/pause`]) {
      expect({ path, ...(await page.post(path)) }).toMatchObject({ path, status: refusal });
    }

    expect(await storeOf(dashboard)).toEqual(before);
  });
});
