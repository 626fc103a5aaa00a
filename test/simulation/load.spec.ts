import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Calls } from './support/calls.js';
import { flood, isLoud, loneJobs, steadyLoad } from './support/load.js';
import { countsBy, latenessOf, meanWaits, percentile, ratio } from './support/measures.js';
import { Random } from '../support/random.js';
import { BEATS_A_MINUTE, LEASE_MS, LOOKS_A_MINUTE, RESCUES_A_MINUTE } from './support/paces.js';
import { Simulation, type Stretch } from './support/simulation.js';
import type { StoredEnd } from './support/shared-store.js';

/*
 * 100 worker hosts and 200 names in virtual time: what only shows with many. Half of the hosts' work is jobs for now,
 * half is scheduled; messages take some milliseconds, at times many; and in the last stretch processes are killed and
 * cut off all the time.
 *
 * `npm test` runs 5,000 jobs, the same ones each time; `npm run simulate` runs 100,000 others each time. A run is
 * repeated by its seed: SIMULATION_SEED=8 SIMULATION_JOBS=5000 npm test -- test/simulation
 */

const HOSTS = 100;
const NAMES = 200;
const JOBS = Number(process.env.SIMULATION_JOBS ?? 5_000);
const SEED = Number(process.env.SIMULATION_SEED ?? 7);

const MINUTE = 60_000;
const IDLE_MS = MINUTE / 2;
const LONE_JOBS = 50;
const TIME_LIMIT_MS = 1_200_000;

describe.each([{ partitions: 1 }, { partitions: 8 }])(
  `${HOSTS} hosts, ${NAMES} names, ${JOBS} jobs, $partitions partitions (seed ${SEED})`,
  ({ partitions }) => {
    let simulation: Simulation;
    /** Everybody stands by. */
    let idle: Calls;
    /** One job now and then. */
    let lone: Stretch;
    /** Half of all slots in use. */
    let steady: Stretch;
    /** Far more jobs than slots. */
    let flooded: Stretch;
    /** Processes die and are cut off all the time. */
    let troubled: Stretch;
    let ends: StoredEnd[];

    beforeAll(async () => {
      const random = new Random(SEED);
      simulation = await Simulation.start({ seed: SEED, partitions, hosts: HOSTS, names: NAMES });
      const { jobNames } = simulation;
      await simulation.pass(LEASE_MS);

      idle = await simulation.pass(IDLE_MS);
      lone = await simulation.run(loneJobs(random, jobNames, { jobs: LONE_JOBS, everyMs: 500 }));
      steady = await simulation.run(
        steadyLoad(random, jobNames, { word: 'steady', jobs: JOBS * 0.2, perSecond: 500 }),
      );
      flooded = await simulation.run(flood(random, jobNames, { jobs: JOBS * 0.6 }));

      const endTrouble = simulation.beginTrouble(
        { kind: 'crash', everyMs: 1_000, lastsMs: LEASE_MS },
        { kind: 'cut', everyMs: 1_000, lastsMs: 2 * LEASE_MS },
      );
      troubled = await simulation.run(
        steadyLoad(random, jobNames, {
          word: 'troubled',
          jobs: JOBS * 0.2,
          perSecond: 250,
          long: 0.05,
        }),
      );
      endTrouble();
      // Settlements of the last jobs, and rescues of those whose settlement was lost.
      await simulation.pass(3 * LEASE_MS);
      ends = simulation.store.ends();
      simulation.tell({ idle, lone, steady, flooded, troubled });
    }, TIME_LIMIT_MS);

    afterAll(() => simulation.stop(), TIME_LIMIT_MS);

    describe('delivery', () => {
      it('kills and cuts off processes while they run jobs', () => {
        const { deaths, cuts } = simulation.seen;
        expect(deaths).toBeGreaterThan(0);
        expect(cuts).toBeGreaterThan(0);
        expect(ends.filter(({ rescues }) => rescues > 0)).not.toEqual([]);
        // Signals have fired in processes that were cut off for too long.
        expect(simulation.log.stopped).toBeGreaterThan(0);
      });

      it('completes every job, by one attempt and one more for each rescue', () => {
        const { log } = simulation;
        expect(ends).toHaveLength(log.firstStarts.length);
        const wrong = ends.filter(
          ({ isCompleted, attempt, rescues }) => !isCompleted || attempt !== 1 + rescues,
        );
        expect(wrong).toEqual([]);
      });

      it('calls handlers only for attempts, and lets them work to the end again only after a rescue', () => {
        const { log } = simulation;
        const wrong = ends.filter(({ id, attempt, rescues, releases }) => {
          const done = log.endsOf(id);
          return log.runsOf(id) > attempt + releases || done < 1 || done > 1 + rescues;
        });
        expect(wrong).toEqual([]);
      });

      it('never lets two processes run a job at the same time', () => {
        expect(simulation.log.overlaps).toEqual([]);
      });

      it('reports nothing but connections that are gone', () => {
        expect(simulation.errors).toEqual([]);
      });
    });

    describe('lateness', () => {
      it('starts jobs within milliseconds while there is room', () => {
        const late = latenessOf([...lone.starts, ...steady.starts]);

        expect(late[0]).toBeGreaterThanOrEqual(0);
        expect(percentile(late, 50)).toBeLessThanOrEqual(15);
        expect(percentile(late, 99)).toBeLessThanOrEqual(130);
        expect(late.at(-1)).toBeLessThanOrEqual(500);
      });

      it('is not held up by the dead: only jobs in their hands wait for a rescue', () => {
        const late = latenessOf(troubled.starts);

        expect(percentile(late, 50)).toBeLessThanOrEqual(15);
        expect(percentile(late, 95)).toBeLessThanOrEqual(130);
        expect(late.at(-1)).toBeLessThanOrEqual(2 * LEASE_MS);
      });
    });

    describe('fairness', () => {
      it('serves all names alike, however many jobs some of them have', () => {
        const { starts } = flooded;
        const isOfLoud = ({ name }: { name: string }) => isLoud(name, simulation.jobNames);
        const quiet = meanWaits(starts.filter((start) => !isOfLoud(start)));
        const loud = meanWaits(starts.filter(isOfLoud));
        // Each has had its turn by then: none waits while another one is served.
        const early = countsBy('name', starts.slice(0, starts.length / 3));

        expect(Math.max(...quiet.values())).toBeLessThan(1.25 * Math.min(...loud.values()));
        expect(ratio(loud.values())).toBeLessThanOrEqual(1.5);
        expect(early.size).toBe(NAMES);
      });

      it('gives all hosts their part of the work', () => {
        const busy = countsBy('host', flooded.starts);

        expect(busy.size).toBe(HOSTS);
        expect(ratio(busy.values())).toBeLessThanOrEqual(2.5);
      });
    });

    describe('calls', () => {
      it('lets a host that stands by ask no more often than its safety nets say', () => {
        const perHost = (calls: number) => (calls / HOSTS / IDLE_MS) * MINUTE;

        expect(perHost(idle.of('look'))).toBeLessThanOrEqual(LOOKS_A_MINUTE * partitions);
        expect(perHost(idle.of('rescue'))).toBeLessThanOrEqual(RESCUES_A_MINUTE * partitions);
        expect(perHost(idle.of('beat'))).toBeLessThanOrEqual(BEATS_A_MINUTE);
        expect(idle.of('settle') + idle.of('renew') + idle.of('enqueue')).toBe(0);
      });

      it('wakes few hosts for a job, however many stand by', () => {
        expect(looksPerJob(lone)).toBeLessThanOrEqual(4);
        expect(lone.calls.of('settle')).toBe(LONE_JOBS);
      });

      it.each([
        { stretch: 'steady', looks: 4 },
        { stretch: 'flooded', looks: 4 },
        { stretch: 'troubled', looks: 12 },
      ] as const)('needs few calls for a job: $stretch', ({ stretch, looks }) => {
        const seen = { steady, flooded, troubled }[stretch];

        expect(seen.calls.of('settle') / seen.starts.length).toBeLessThanOrEqual(1.2);
        expect(looksPerJob(seen)).toBeLessThanOrEqual(looks);
      });

      /** Those that only safety nets ask for are not the jobs' doing. */
      function looksPerJob({ calls, forMs, starts }: Stretch): number {
        const asIfIdle = (idle.of('look') / IDLE_MS) * forMs;
        return (calls.of('look') - asIfIdle) / starts.length;
      }
    });
  },
);

describe('a simulation', () => {
  it('goes the same way twice with the same seed', async () => {
    const once = async () => {
      const simulation = await Simulation.start({
        seed: SEED,
        partitions: 2,
        hosts: 10,
        names: 20,
      });
      const jobs = steadyLoad(new Random(SEED), simulation.jobNames, {
        word: 'again',
        jobs: 300,
        perSecond: 20,
      });
      const endTrouble = simulation.beginTrouble(
        { kind: 'crash', everyMs: 3_000, lastsMs: LEASE_MS },
        { kind: 'cut', everyMs: 3_000, lastsMs: LEASE_MS },
      );
      const { starts } = await simulation.run(jobs);
      endTrouble();
      await simulation.stop();
      return starts;
    };

    expect(await once()).toEqual(await once());
  });
});
