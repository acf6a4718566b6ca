const SLOW = ['more', 'long'];
const ending = (kind) => `\\.${kind}\\.test\\.ts$`;

/** Tests import `.ts` sources as they are: Node strips the types, `tsc` checks them. */
/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/support/jest/jest-environment.mjs',
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  // Minutes each: `npm run test:more` runs the one kind, which CI runs too, `npm run test:long` the other.
  testPathIgnorePatterns: ['/node_modules/', ...SLOW.filter((kind) => kind !== process.env.VMGRID_TESTS).map(ending)],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/test/support/jest/strip-types.mjs' },
  runner: '<rootDir>/test/support/jest/runner.mjs',
  // Ends tests that hang. Far from what any test takes, also on a host with sixteen processes for each core.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/support/jest/longest-first.mjs',
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/support/jest/summary-reporter.mjs'],
};
