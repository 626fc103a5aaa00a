import { join } from 'node:path';
import { ChildApp } from '../support/child-app.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { compilePackage, type CompiledPackage } from '../support/compiled-package.js';

interface JobsReport {
  counts: Record<string, number>;
  last: { id: string; name: string; outcome: string }[];
}

let compiled: CompiledPackage;
let child: ChildApp;
let url: string;
beforeAll(async () => {
  compiled = await compilePackage('sample/01-quick-start');
});
afterEach(() => child.kill());
afterAll(() => compiled.remove());

async function start(environment: NodeJS.ProcessEnv = {}): Promise<void> {
  child = new ChildApp(join(compiled.dir, 'sample/01-quick-start/main.js'), {
    PORT: '0',
    ...environment,
  });
  const [, port] = await child.prints(/Listening on http:\/\/\S+:(\d+)/);
  url = `http://127.0.0.1:${port}`;
}

const signUp = (user: unknown) =>
  fetch(`${url}/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  });

const report = async () => (await (await fetch(`${url}/jobs`)).json()) as JobsReport;

async function reportWith(holds: (report: JobsReport) => boolean): Promise<JobsReport> {
  for (;;) {
    const seen = await report();
    if (holds(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ada = { name: 'Ada', email: 'ada@example.com' };

it('welcomes a new user now and sends tips later', async () => {
  await start();

  const response = await signUp(ada);
  const user = (await response.json()) as typeof ada & { jobs: Record<string, string> };

  expect(response.status).toBe(201);
  expect(user).toMatchObject(ada);
  const { counts, last } = await reportWith(({ last }) =>
    last.some(({ name }) => name === 'send-welcome'),
  );
  expect(last.find(({ name }) => name === 'send-welcome')).toMatchObject({
    id: user.jobs.welcome,
    outcome: 'completed',
  });
  expect(counts).toMatchObject({ scheduled: 1, failed: 0, running: 0, repeating: 1 });
  const later = await reportWith(({ last }) => last[0]?.name === 'send-tips');
  expect(later.last[0]).toMatchObject({ id: user.jobs.tips, outcome: 'completed' });
  expect(child.output).toContain('Welcome, Ada!');
});

it('refuses what is no user, with the reason', async () => {
  await start();
  const answer = async (body: unknown) => {
    const response = await signUp(body);
    return `${response.status} ${await response.text()}`;
  };

  expect(await answer({})).toMatch(/^400 .*name/);
  expect(await answer({ name: ' ', email: 'ada@example.com' })).toMatch(/^400 .*name/);
  expect(await answer({ name: 'Ada', email: 'nowhere' })).toMatch(/^400 .*email/);
  expect(await answer(null)).toMatch(/^400 .*JSON/);
  expect((await report()).counts.scheduled).toBe(0);
});

it('beats from the start, and its log tells the handlers and where jobs are kept', async () => {
  await start();

  await reportWith(({ last }) => last.some(({ name }) => name === 'heartbeat'));

  expect(child.output).toContain('Handles "send-welcome" by MailJobs.sendWelcome');
  expect(child.output).toContain('Handles "heartbeat" by HeartbeatJobs.beat');
  expect(child.output).toMatch(/kept in memory.*REDIS_URL=/);
});

it('keeps its jobs in Redis when REDIS_URL is set, and ends by SIGTERM', async () => {
  const redis = await startPrivateRedis({ appendonly: true });
  try {
    await start({ REDIS_URL: redis.url });

    await signUp(ada);
    await child.prints(/Welcome, Ada!/);
    child.terminate();

    expect(await child.ended).toBe('SIGTERM');
  } finally {
    await redis.stop();
  }
  expect(child.output).toContain('kept in Redis');
  expect(child.output).not.toMatch(/ERROR|WARN/);
});
