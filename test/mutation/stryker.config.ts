import type { PartialStrykerOptions } from '@stryker-mutator/api/core';

export default {
  testRunner: 'pure-tests',
  plugins: ['./test/mutation/runner.ts'],
  pureTests: ['test/domain/**/*.test.ts', 'test/report/*.test.ts'],
  mutate: ['src/{domain,report}/**/*.ts'],
  coverageAnalysis: 'perTest',
  // Changes of values that are computed while a module loads: each would need a process of its own.
  ignoreStatic: true,
  concurrency: 1,
  disableTypeChecks: false,
  tempDirName: 'dist/mutation/sandbox',
  ignorePatterns: ['dist', 'docs/**/*.md'],
  incremental: true,
  incrementalFile: 'dist/mutation/incremental.json',
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'dist/mutation/report.json' },
  clearTextReporter: { reportTests: false, allowColor: false },
  // Stryker counts a mutant as killed that takes longer: a busy machine must not kill any.
  timeoutMS: 20_000,
} satisfies PartialStrykerOptions;
