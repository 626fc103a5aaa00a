import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { chromium as playwright, type Page } from 'playwright-core';
import { AgendaDashboardModule } from '../../../lib/dashboard/index.js';
import { AgendaRedisModule } from '../../../lib/nest/index.js';
import { monitor } from '../../support/monitor.js';
import { NAMES, nameOf } from './stock-states.js';

export interface DashboardTask {
  readonly role: 'show-dashboard';
  readonly url: string;
  readonly rounds: number;
  /** The browser, and what it needs of its environment. */
  readonly browser: { readonly file: string; readonly env: Readonly<Record<string, string>> };
}

/** What one answer cost. */
export interface AnswerCost {
  readonly what: string;
  readonly ms: number;
  /** Commands that Redis was sent; what scripts call for themselves not counted. */
  readonly commands: number;
}

export interface ShownDashboard {
  readonly answers: readonly AnswerCost[];
  /** From the begin of the navigation until all names stand there, in ms. */
  readonly namesShownMs: readonly number[];
}

/** So long, and a little, an overview is shared by all who ask. */
const OVERVIEW_KEPT_MS = 1_100;

const ANSWERS: readonly (readonly [what: string, paths: readonly string[]])[] = [
  ['first view: session and overview', ['api/session', 'api/overview']],
  ['the overview again, within a second', ['api/overview']],
  ['one name', [`api/names/${nameOf(7)}`]],
  ['jobs, any', ['api/jobs']],
  ['jobs, failed', ['api/jobs?state=failed']],
  ['jobs, scheduled, of one name', [`api/jobs?state=scheduled&name=${nameOf(7)}`]],
  ['jobs, completed', ['api/jobs?state=completed']],
  ['dead letters', ['api/jobs?state=dead']],
  ['schedules', ['api/schedules']],
  ['hosts and leases', ['api/hosts']],
];

/** An application with the dashboard on a full store, and those who look at it. */
export async function showDashboard(task: DashboardTask): Promise<ShownDashboard> {
  const app = await startApp(task.url);
  const redis = new Redis(task.url);
  try {
    const page = `http://127.0.0.1:${new URL(await app.getUrl()).port}/jobs/`;
    await ask(page, ['api/session', 'api/jobs?state=failed']);
    const answers: AnswerCost[] = [];
    for (const [what, paths] of ANSWERS) answers.push(await costOf(redis, what, page, paths));
    return { answers, namesShownMs: await timesUntilShown(page, task) };
  } finally {
    redis.disconnect();
    await app.close();
  }
}

/** The order of claims of a backend that stands alone, which is that of the store. */
const FILLED_IN = { nextRunAt: 1, priority: -1 } as const;

async function startApp(connectionString: string): Promise<INestApplication> {
  const module = {
    module: class BenchModule {},
    imports: [
      AgendaRedisModule.forRoot({ connectionString, sort: FILLED_IN, worker: false }),
      AgendaDashboardModule.forRoot({ public: true }),
    ],
  };
  const app = await NestFactory.create(module, { logger: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

/** Timed first, and counted after that: a server that tells its commands is slower. */
async function costOf(
  redis: Redis,
  what: string,
  page: string,
  paths: readonly string[],
): Promise<AnswerCost> {
  if (!what.startsWith('the overview again')) await wait(OVERVIEW_KEPT_MS);
  const askedAt = performance.now();
  await ask(page, paths);
  const ms = performance.now() - askedAt;

  if (!what.startsWith('the overview again')) await wait(OVERVIEW_KEPT_MS);
  let commands = 0;
  let allTold!: () => void;
  const told = new Promise<void>((resolve) => (allTold = resolve));
  const end = await monitor(redis, ([command], client) => {
    if (command === 'ping') allTold();
    else if (client !== 'lua') commands += 1;
  });
  await ask(page, paths);
  await redis.ping();
  await told;
  end();
  return { what, ms, commands };
}

async function ask(page: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const answer = await fetch(new URL(path, page));
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}

async function timesUntilShown(url: string, { browser: program, rounds }: DashboardTask) {
  const env = { ...process.env, ...program.env } as Record<string, string>;
  const browser = await playwright.launch({ executablePath: program.file, env });
  try {
    const times: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      // A visitor who has never been here: nothing is cached.
      const context = await browser.newContext();
      const ms = await timeUntilShown(await context.newPage(), url);
      if (round > 0) times.push(ms);
      await context.close();
    }
    return times;
  } finally {
    await browser.close();
  }
}

async function timeUntilShown(page: Page, url: string): Promise<number> {
  let tell!: (ms: number) => void;
  const shown = new Promise<number>((resolve) => (tell = resolve));
  await page.exposeFunction('namesShown', tell);
  await page.addInitScript({ content: TELLS_WHEN_SHOWN });
  await page.goto(url);
  return shown;
}

/** By the clock of the page, which begins with the navigation. */
const TELLS_WHEN_SHOWN = `
  const look = () => {
    const names = document.querySelectorAll('a[href^="#/names/"]').length;
    if (names >= ${NAMES}) namesShown(performance.now());
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;
