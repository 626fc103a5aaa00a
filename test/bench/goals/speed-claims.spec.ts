import { measurementOf } from '../measurement.js';
import type { Speed } from '../speeds.js';
import { GOAL_NAMES } from './goal-name.js';
import {
  checkOf,
  CLAIMS_WITH_AOF,
  neededFor,
  SPEED_CLAIMS,
  type SpeedClaim,
} from './speed-claims.js';

const ofGoal = (goal: string): readonly SpeedClaim[] =>
  SPEED_CLAIMS.filter((claim) => claim.goal === goal);

const speed = (measurement: ReturnType<typeof measurementOf>, perSecond: number): Speed => ({
  ...measurement,
  variant: '',
  perSecond: { median: perSecond, min: perSecond, max: perSecond },
  nodeCpu: 1_000 / perSecond,
  redisCpu: 500 / perSecond,
});

describe('claims of speed', () => {
  it('measure each speed once, however many claims are about it', () => {
    const labels = neededFor(ofGoal('P1'), 1_000).map(({ label }) => label);

    expect(labels).toEqual([
      'process, concurrency 50: ours',
      'process, concurrency 50: bullmq',
      'process, concurrency 50: bee-queue',
      'process, concurrency 50: floor+books',
    ]);
  });

  it('compare ours with the rival, by speed or by CPU', () => {
    const how = { work: 50 } as const;
    const speeds = [
      speed(measurementOf('ours', how, 1_000), 5_000),
      speed(measurementOf('bullmq', how, 1_000), 1_000),
    ];
    const [faster] = ofGoal('P1');
    const [ofRedis] = ofGoal('P4');

    expect(checkOf(faster!, speeds)).toMatchObject({ to: 'bullmq', measured: 5 });
    expect(checkOf(ofRedis!, speeds).measured).toBeCloseTo(0.2);
  });

  it('compare limited names with those without limits', () => {
    const speeds = [
      speed(measurementOf('ours', { work: 50, limited: true }, 1_000), 800),
      speed(measurementOf('ours', { work: 50 }, 1_000), 1_000),
    ];

    expect(checkOf(ofGoal('P15')[0]!, speeds)).toMatchObject({
      what: 'process, concurrency 50, with limits',
      measured: 0.8,
    });
  });

  it('hold for the same ratios with an append-only file', () => {
    expect(CLAIMS_WITH_AOF).toHaveLength(ofGoal('P1').length + ofGoal('P5').length);
    expect(CLAIMS_WITH_AOF.every(({ goal }) => goal === 'P14')).toBe(true);
  });

  it('belong to goals that there are', () => {
    expect(SPEED_CLAIMS.every(({ goal }) => GOAL_NAMES.includes(goal))).toBe(true);
  });
});
