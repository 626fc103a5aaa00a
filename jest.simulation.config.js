import base from './jest.config.js';

process.env.SIMULATION_JOBS ??= '100000';
process.env.SIMULATION_FIGURES ??= 'true';
process.env.SIMULATION_SEED ??= String(Math.floor(Math.random() * 1_000_000));

/**
 * The load test in virtual time at its full size, with its figures: see test/simulation/load.spec.ts.
 *
 * @type {import('jest').Config}
 */
export default { ...base, testMatch: ['<rootDir>/test/simulation/**/*.spec.ts'] };
