import base from './jest.config.js';

/** Those that hurt processes alone: what they promise holds on every kind of server. */
const OF_PROCESSES = [
  'cancelled-elsewhere',
  'frozen-worker',
  'killed-workers',
  'limits',
  'one-schedule',
  'poison',
  'racing-adds',
  'shifted-clocks',
  'takeover',
  'terminated-workers',
];
/** Those that judge fractions of a second, or live with leases of them: nothing runs beside them. */
const OF_MOMENTS = [
  'cancelled-elsewhere',
  'cluster-failover',
  'late-redis',
  'lost-replies',
  'outage',
  'pace',
  'punctuality',
  'redis-trouble',
  'sentinel-failover',
  'shifted-clocks',
];
const { TEST_REDIS_TOPOLOGY = 'standalone', TEST_REDIS_PARTITIONS = '1' } = process.env;
const isPlain = TEST_REDIS_TOPOLOGY === 'standalone' && TEST_REDIS_PARTITIONS === '1';
const fileOf = (name) => `<rootDir>/test/chaos/${name}.spec.ts`;
const specs = isPlain ? [fileOf('*')] : OF_PROCESSES.map(fileOf);
const moments = OF_MOMENTS.filter((name) => isPlain || OF_PROCESSES.includes(name));

const {
  maxWorkers: _maxWorkers,
  testTimeout: _testTimeout,
  testSequencer,
  workerIdleMemoryLimit,
  ...ofSpecs
} = base;
const project = { ...ofSpecs, testPathIgnorePatterns: ['/node_modules/'] };

/**
 * The fault tests: they stall, kill and restart servers of their own, and wait most of the time. So files run side by
 * side, but for those that judge moments: they follow, one at a time.
 *
 * @type {import('jest').Config}
 */
export default {
  // One more than the cores of a small machine.
  maxWorkers: 3,
  testSequencer,
  workerIdleMemoryLimit,
  testTimeout: 120_000,
  projects: [
    {
      ...project,
      testMatch: [...specs, ...moments.map((name) => `!**/test/chaos/${name}.spec.ts`)],
    },
    {
      ...project,
      testMatch: moments.map(fileOf),
      runner: '<rootDir>/test/chaos/support/one-at-a-time.mjs',
    },
  ],
};
