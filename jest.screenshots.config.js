import base from './jest.config.js';

/**
 * Pictures of the dashboard: see test/dashboard/screenshots/screenshots.ts.
 *
 * @type {import('jest').Config}
 */
export default { ...base, testMatch: ['<rootDir>/test/dashboard/screenshots/screenshots.ts'] };
