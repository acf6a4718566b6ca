/** Tests import `.ts` sources as they are: Node strips the types, `tsc` checks them. */
/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/support/jest-environment.mjs',
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  // Minutes each on a real hypervisor: `npm run test:long` runs these, and only these.
  testPathIgnorePatterns:
    process.env.VMGRID_TEST_LONG === 'yes' ? ['/node_modules/'] : ['/node_modules/', '\\.long\\.test\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/support/strip-types.mjs' },
  runner: '<rootDir>/test/support/runner.mjs',
  // Ends tests that hang. Far from what any test takes, also on a host with sixteen processes for each core.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/support/summary-reporter.mjs'],
};
