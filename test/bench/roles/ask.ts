import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { type Cost, Meter } from '../meter.js';
import { openStore, type AskedStore, type StoreName } from '../systems/stores.js';
import { MIX, NAMES, nameOf } from './stock-states.js';

export interface AskTask {
  readonly role: 'ask';
  readonly system: StoreName;
  readonly url: string;
  readonly question: QuestionName;
  /** How many jobs are stored. */
  readonly stored: number;
}

type Repository = AskedStore['repository'];

interface Question {
  readonly title: string;
  /** The number by which the answer is checked. */
  readonly ask: (repository: Repository, stored: number) => Promise<number>;
  readonly expected: (stored: number) => number;
}

const PAGE = 20;
const shareOf = (state: keyof typeof MIX) => (stored: number) => (stored * MIX[state]) / 10;
const ofName = (stored: number) => stored / NAMES;

export const QUESTIONS = {
  failed: {
    title: "queryJobs({ state: 'failed', limit: 20 })",
    ask: async (repository) => (await repository.queryJobs({ state: 'failed', limit: PAGE })).total,
    expected: shareOf('failed'),
  },
  scheduled: {
    title: "queryJobs({ state: 'scheduled', limit: 20 })",
    ask: async (repository) =>
      (await repository.queryJobs({ state: 'scheduled', limit: PAGE })).total,
    expected: shareOf('scheduled'),
  },
  deep: {
    title: 'the same, half-way through',
    ask: async (repository, stored) => {
      const skip = Math.floor(shareOf('scheduled')(stored) / 2);
      return (await repository.queryJobs({ state: 'scheduled', skip, limit: PAGE })).total;
    },
    expected: shareOf('scheduled'),
  },
  overview: {
    title: 'getJobsOverview()',
    ask: async (repository) =>
      (await repository.getJobsOverview()).reduce((sum, { total }) => sum + total, 0),
    expected: (stored) => stored,
  },
  size: {
    title: 'getQueueSize()',
    ask: (repository) => repository.getQueueSize(),
    expected: shareOf('queued'),
  },
  data: {
    title: 'queryJobs({ name, data, limit: 20 })',
    ask: async (repository) => {
      // Not by a number: the other store takes any text with these digits in it for a match.
      const data = { to: 'customer-7@example.com' };
      return (await repository.queryJobs({ name: nameOf(7), data, limit: PAGE })).total;
    },
    expected: () => 1,
  },
  name: {
    title: 'queryJobs({ name, sort: { lastRunAt: -1 }, limit: 20 })',
    ask: async (repository) =>
      (await repository.queryJobs({ name: nameOf(7), sort: { lastRunAt: 'desc' }, limit: PAGE }))
        .total,
    expected: ofName,
  },
} satisfies Record<string, Question>;

export type QuestionName = keyof typeof QUESTIONS;

export interface Asked {
  /** How long each answer took. */
  readonly ms: readonly number[];
  /** Of all of them together. */
  readonly cost: Cost;
}

const MOST_TIMES = 200;
const LEAST_TIMES = 2;
const BUDGET_MS = 2_000;
/** So much of it is not counted: at first code is loaded and compiled. */
const WARM_UP = 0.2;

/** Asks one question again and again. */
export async function ask({ system, url, question, stored }: AskTask): Promise<Asked> {
  const store = await openStore(system, url);
  const redis = new Redis(url);
  const meter = new Meter([redis]);
  const { ask: once, expected }: Question = QUESTIONS[question];
  const answer = async () => {
    const askedAt = performance.now();
    const given = await once(store.repository, stored);
    const took = performance.now() - askedAt;
    checkAnswer(`${system}: ${question}`, given, expected(stored));
    return took;
  };

  await repeatedly(answer, WARM_UP);
  meter.start();
  const ms = await repeatedly(answer, 1);
  meter.stop();
  const cost = await meter.cost();
  redis.disconnect();
  await store.disconnect();
  return { ms, cost };
}

async function repeatedly(answer: () => Promise<number>, share: number): Promise<number[]> {
  const taken: number[] = [];
  const begin = performance.now();
  const isEnough = () =>
    taken.length >= MOST_TIMES * share ||
    (taken.length >= LEAST_TIMES && performance.now() - begin > BUDGET_MS * share);
  while (!isEnough()) taken.push(await answer());
  return taken;
}

function checkAnswer(what: string, answer: number, expected: number): void {
  if (answer !== expected) throw new Error(`${what} answered ${answer}, not ${expected}.`);
}
