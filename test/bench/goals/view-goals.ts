import type { Flags } from '../flags.js';
import { QUESTIONS } from '../roles/ask.js';
import { evenly } from '../roles/stock-states.js';
import { interleave, progress } from '../rounds.js';
import { runChild } from '../run-child.js';
import { BenchServer } from '../server.js';
import { medianOf } from '../statistics.js';
import { whole } from '../table.js';
import type { Check } from './check.js';

/** P12: what operators look at takes no longer among many jobs than among few. */

const ASKED = ['overview', 'failed'] as const;
type Asked = (typeof ASKED)[number];

const FEW = 10_000;
const MOST_MS = 2;
/** "Flat", with room for what the clock and the machine do. */
const MOST_GROWTH = 1.5;

interface Case {
  readonly label: string;
  readonly question: Asked;
  readonly server: BenchServer;
  readonly stored: number;
}

export async function checkViews(server: BenchServer, flags: Flags): Promise<Check[]> {
  const { aof, rounds } = flags;
  const many = evenly(flags.stored);
  const other = await BenchServer.start({ aof });
  try {
    const sizes = [
      { server, stored: many },
      { server: other, stored: FEW },
    ];
    for (const size of sizes) await fill(size.server, size.stored, flags);
    const cases = ASKED.flatMap((question): Case[] =>
      sizes.map((size) => ({ ...size, question, label: `${question}, ${whole(size.stored)}` })),
    );
    const rows = await interleave(cases, rounds, (one) => medianMs(one));
    const msOf = (question: Asked, stored: number) => {
      const [, found] = [...rows].find(
        ([one]) => one.question === question && one.stored === stored,
      )!;
      return medianOf(found);
    };
    return ASKED.flatMap((question) =>
      checksOf(question, many, { many: msOf(question, many), few: msOf(question, FEW) }),
    );
  } finally {
    await other.stop();
  }
}

function checksOf(question: Asked, stored: number, ms: { many: number; few: number }): Check[] {
  const what = `${QUESTIONS[question].title}, ${whole(stored)} jobs of 50 names`;
  return [
    { goal: 'P12', what, bound: { atMost: MOST_MS }, unit: 'ms', measured: ms.many },
    {
      goal: 'P12',
      what,
      bound: { atMost: MOST_GROWTH },
      to: `${whole(FEW)} jobs`,
      measured: ms.many / ms.few,
    },
  ];
}

async function fill(server: BenchServer, jobs: number, { payloadBytes }: Flags): Promise<void> {
  progress(`making ${whole(jobs)} jobs`);
  await server.flush();
  const { url } = server;
  await runChild({ role: 'stock-states', system: 'ours', url, jobs, payloadBytes }).result;
}

async function medianMs({ server: { url }, question, stored }: Case): Promise<number> {
  const { ms } = await runChild({ role: 'ask', system: 'ours', url, question, stored }).result;
  return medianOf(ms);
}
