import base from './jest.config.js';

process.env.SIMULATION_JOBS ??= '100000';
process.env.SIMULATION_FIGURES ??= 'true';

/**
 * The load test in virtual time at its full size, with its figures: see test/simulation/load.spec.ts.
 *
 * @type {import('jest').Config}
 */
export default { ...base, testMatch: ['<rootDir>/test/simulation/**/*.spec.ts'] };
