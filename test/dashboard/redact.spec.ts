import { Injectable } from '@nestjs/common';
import { InvalidOptionError, type Job } from '../../lib/core/index.js';
import type { JobDetail, JobPage, LogPage } from '../../lib/dashboard/index.js';
import { MASK } from '../../lib/dashboard/redact/mask.js';
import { Redaction } from '../../lib/dashboard/redact/redaction.js';
import { JobHandler } from '../../lib/nest/index.js';
import { until } from '../nest/support.js';
import { PageClient } from './page-client.js';
import { closeDashboards, startDashboard } from './support.js';

afterEach(closeDashboards);

const redaction = new Redaction({ redact: ['password', 'Token'] });
const parsed = (text: string): unknown => JSON.parse(text);

describe('what is not shown', () => {
  it.each<[what: string, value: unknown, shown: unknown]>([
    ['a text', { password: 'x', to: 'ann' }, { password: MASK, to: 'ann' }],
    ['in capitals or not', { PassWord: 'x', token: 'y' }, { PassWord: MASK, token: MASK }],
    ['at any depth', { a: [{ b: { token: 1 } }] }, { a: [{ b: { token: MASK } }] }],
    ['a whole object', { token: { a: 1 } }, { token: MASK }],
    ['a list', { token: ['a'] }, { token: MASK }],
    ['nothing', { token: null, password: false }, { token: MASK, password: MASK }],
    ['not what is only called alike', { tokens: 1, 'pass word': 2 }, { tokens: 1, 'pass word': 2 }],
    ['not values', ['password', 'token'], ['password', 'token']],
    [
      'below a hostile name',
      parsed('{"__proto__":{"token":1}}'),
      parsed('{"__proto__":{"token":"•••"}}'),
    ],
  ])('is %s', (_, value, shown) => {
    expect(JSON.stringify(redaction.shown(value))).toBe(JSON.stringify(shown));
  });

  it('leaves no value, and none behind, where there is none', () => {
    expect(redaction.shown(undefined)).toBeNull();
    expect(redaction.preview(undefined, 10)).toBe('');
    expect(redaction.shown('text')).toBe('text');
    const value = { password: 'x' };
    redaction.shown(value);
    expect(value).toEqual({ password: 'x' });
  });

  it('does not come out at the cut of a preview', () => {
    const text = redaction.preview({ a: 'x'.repeat(50), password: 'secret' }, 70);
    expect(text).toHaveLength(70);
    expect(text).not.toContain('secret');
    expect(redaction.preview('🎉🎉', 2)).toBe('"');
    expect(redaction.preview('🎉🎉', 3)).toBe('"🎉');
  });

  it('stays out of lines that are JSON, and leaves other lines alone', () => {
    expect(redaction.shownLine('{"level":30,"token":"x"}')).toBe(`{"level":30,"token":"${MASK}"}`);
    expect(redaction.shownLine('[1] {token}')).toBe('[1] {token}');
    expect(redaction.shownLine('token: x')).toBe('token: x');
    expect(new Redaction({ redact: [] }).shownLine('{ "token": 1 }')).toBe('{ "token": 1 }');
  });

  it.each([{ password: 'x' }, { a: { TOKEN: { $gt: '' } } }, { list: [{ token: 1 }] }])(
    'cannot be searched for: %j',
    (data) => {
      expect(() => redaction.refuseSearch(data)).toThrow(InvalidOptionError);
    },
  );

  it.each([{ to: 'password' }, ['token'], 'token', null, 5])(
    'leaves other searches: %j',
    (data) => {
      expect(() => redaction.refuseSearch(data)).not.toThrow();
    },
  );
});

describe('edited data', () => {
  const ann = { user: 'ann', token: MASK };
  const bob = { user: 'bob', token: MASK };
  const MOVED = 'data.users[0].token';
  const stored = {
    to: 'ann',
    password: 'p',
    list: [{ token: 1 }, { token: 2 }],
    users: [
      { ...ann, token: 'a' },
      { ...bob, token: 'b' },
    ],
    token: { a: 1 },
  };
  const shown = () => redaction.shown(stored) as typeof stored;

  it('gets back what the mask stands for', () => {
    expect(redaction.restored(shown(), stored)).toEqual(stored);
    expect(redaction.restored({ ...shown(), to: 'bob' }, stored)).toEqual({ ...stored, to: 'bob' });
    expect(redaction.restored({ password: MASK }, stored)).toEqual({ password: 'p' });
    expect(redaction.restored({ users: [ann, { ...bob, user: 'ben' }] }, stored)).toEqual({
      users: [stored.users[0], { user: 'ben', token: 'b' }],
    });
    expect(redaction.restored({ ...shown(), password: 'new' }, stored)).toMatchObject({
      password: 'new',
    });
  });

  it('keeps the mask where it is a value that anybody may see', () => {
    expect(redaction.restored({ to: MASK }, stored)).toEqual({ to: MASK });
    expect(redaction.restored([MASK], stored)).toEqual([MASK]);
  });

  it.each<[what: string, edited: unknown, path: string]>([
    ['in a new place', { a: { password: MASK } }, 'data.a.password'],
    ['in other letters', { PASSWORD: MASK }, 'data.PASSWORD'],
    ['in a shorter list', { list: [{ token: MASK }] }, 'data.list[0].token'],
    ['in a longer list', { list: [{}, {}, { token: MASK }] }, 'data.list[2].token'],
    ['in a list whose items have moved', { users: [bob, { ...bob, user: 'cem' }] }, MOVED],
    ['in a list whose items have changed places', { users: [bob, ann] }, MOVED],
    ['in a list that was an object', [{ token: MASK }], 'data[0].token'],
    ['below a hostile name', parsed('{"__proto__":{"token":"•••"}}'), 'data.__proto__.token'],
  ])('is refused with the mask %s, which would be stored as the value', (_, edited, path) => {
    expect(() => redaction.restored(edited, stored)).toThrow(
      expect.objectContaining({ name: 'InvalidOptionError', option: path }),
    );
  });

  it('keeps hostile names as names', () => {
    const edited = redaction.restored(parsed('{"__proto__":{"a":1}}'), stored);
    expect(JSON.stringify(edited)).toBe('{"__proto__":{"a":1}}');
  });
});

@Injectable()
class Jobs {
  @JobHandler('login')
  login(job: Job): unknown {
    job.progress({ token: 'swordfish', done: 1 });
    job.log('{"step":1,"password":"swordfish"}');
    return { token: 'swordfish', ok: true };
  }
}

describe('a dashboard that redacts', () => {
  async function start() {
    const dashboard = await startDashboard({
      dashboard: { public: true, redact: ['password', 'token'] },
      agenda: { processEvery: 50 },
      metadata: { providers: [Jobs] },
    });
    const page = await PageClient.open(dashboard);
    return { dashboard, page, scheduler: dashboard.scheduler };
  }

  it('shows none of it: in data, results, progress, context, lists and logs', async () => {
    const { dashboard, scheduler } = await start();
    const data = { user: 'ann', password: 'swordfish' };
    const { id } = await scheduler.now('login', data, {
      context: { token: 'swordfish', trace: 't' },
    });
    await until(async () => (await scheduler.get(id))?.state === 'completed');

    const detail = await dashboard.get<JobDetail>(`api/jobs/${id}`);
    const list = await dashboard.get<JobPage>('api/jobs');
    const log = await dashboard.get<LogPage>(`api/jobs/${id}/logs`);

    expect(detail).toMatchObject({
      data: { user: 'ann', password: MASK },
      result: { token: MASK, ok: true },
      progress: { token: MASK, done: 1 },
      context: { token: MASK, trace: 't' },
    });
    expect(list.jobs[0]!.dataPreview).toBe(`{"user":"ann","password":"${MASK}"}`);
    expect(log.lines).toEqual([`{"step":1,"password":"${MASK}"}`]);
    expect(JSON.stringify([detail, list, log])).not.toContain('swordfish');
  });

  it('refuses a search that would tell what it hides', async () => {
    const { dashboard } = await start();

    const search = encodeURIComponent(JSON.stringify({ password: 'swordfish' }));
    const answer = await dashboard.answer(`api/jobs?data=${search}`);

    expect(answer).toMatchObject({ status: 400, body: { message: /`password`/ } });
    expect(JSON.stringify(answer)).not.toContain('swordfish');
  });

  it('keeps what it hides when the rest is edited, and says nothing of it when that goes wrong', async () => {
    const { dashboard, page, scheduler } = await start();
    const { id } = await scheduler.schedule('in 1 hour', 'mail', {
      to: 'ann',
      password: 'swordfish',
    });
    const { data } = await dashboard.get<JobDetail>(`api/jobs/${id}`);

    await page.change(`api/jobs/${id}/update`, { data: { ...(data as object), to: 'bob' } });
    const large = { ...(data as object), text: 'é'.repeat(50_000) };
    const refused = await page.post(`api/jobs/${id}/update`, { data: [large, large] });
    const moved = await page.post(`api/jobs/${id}/update`, { data: { login: data } });

    expect((await scheduler.get(id))!.data).toEqual({ to: 'bob', password: 'swordfish' });
    for (const { status, body } of [refused, moved]) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(body)).not.toContain('swordfish');
    }
    expect(dashboard.logger.lines.join('\n')).not.toContain('swordfish');
  });
});
