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
const { TEST_REDIS_TOPOLOGY = 'standalone', TEST_REDIS_PARTITIONS = '1' } = process.env;
const isPlain = TEST_REDIS_TOPOLOGY === 'standalone' && TEST_REDIS_PARTITIONS === '1';
const specs = isPlain ? '**/*' : `{${OF_PROCESSES.join(',')}}`;

/**
 * The fault tests: they stall, kill and restart servers, so one file runs at a time.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: [`<rootDir>/test/chaos/${specs}.spec.ts`],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 120_000,
};
