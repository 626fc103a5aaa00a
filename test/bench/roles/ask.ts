import { performance } from 'node:perf_hooks';
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

const MOST_TIMES = 200;
const LEAST_TIMES = 3;
const BUDGET_MS = 2_000;

/** Asks one question again and again; answers how long each time took, in ms. */
export async function ask({ system, url, question, stored }: AskTask): Promise<number[]> {
  const store = await openStore(system, url);
  const { ask: once, expected }: Question = QUESTIONS[question];
  const times: number[] = [];
  const begin = performance.now();
  while (
    times.length < LEAST_TIMES ||
    (times.length < MOST_TIMES && performance.now() - begin < BUDGET_MS)
  ) {
    const askedAt = performance.now();
    const answer = await once(store.repository, stored);
    times.push(performance.now() - askedAt);
    checkAnswer(`${system}: ${question}`, answer, expected(stored));
  }
  await store.disconnect();
  return times.slice(1);
}

function checkAnswer(what: string, answer: number, expected: number): void {
  if (answer !== expected) throw new Error(`${what} answered ${answer}, not ${expected}.`);
}
