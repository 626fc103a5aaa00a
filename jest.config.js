// Native ESM (the `npm test` script passes --experimental-vm-modules) with swc, which emits the
// decorator metadata that Nest needs. The swc options stand here and not in a .swcrc: coverage is
// right only with inline source maps.
const swc = {
  swcrc: false,
  sourceMaps: 'inline',
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: {
      legacyDecorator: true,
      decoratorMetadata: true,
      useDefineForClassFields: false,
    },
    keepClassNames: true,
  },
};

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // In the samples are specs as users write them.
  roots: ['<rootDir>/test', '<rootDir>/sample'],
  testMatch: ['**/*.spec.ts'],
  // Run by a command of their own: `npm run chaos`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/chaos/'],
  modulePathIgnorePatterns: ['<rootDir>/test/consumers/'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^nestjs-agenda-redis$': '<rootDir>/lib/index.ts',
    '^nestjs-agenda-redis/(.*)$': '<rootDir>/lib/$1/index.ts',
  },
  maxWorkers: 2,
  // Only what never ends takes so long, also where much else runs.
  testTimeout: 60_000,
  // Modules loaded as ESM are never freed within a worker: 8 MB for each spec file.
  workerIdleMemoryLimit: '512MB',
  collectCoverageFrom: ['lib/**/*.ts', '!lib/dashboard/bundle.ts'],
};
