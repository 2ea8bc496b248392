/** Compares test results of several servers in a table. */
import type { TestResult } from './results-reporter.ts';

/**
 * Returns one line per test, in the order of the first run, and the sums. The duration in seconds follows
 * each outcome. `<>` marks a test whose outcome differs between servers: either the sandbox is wrong, or the
 * test.
 */
export function compareServers(
  runs: readonly { readonly server: string; readonly results: readonly TestResult[] }[],
): string {
  const keyOf = ({ file, name }: TestResult) => JSON.stringify([file, name]);
  const byServer = runs.map(({ results }) => new Map(results.map((result) => [keyOf(result), result])));
  const all = new Map(runs.flatMap(({ results }) => results.map((result) => [keyOf(result), result])));
  const rows = [...all].map(([key, { file, name }]) => [
    `${file.replace(/^.*test\/(e2e|cluster)\//, '').replace(/\.[a-z-]+\.ts$/, '')}: ${name}`,
    ...byServer.map((results) => describe(results.get(key))),
    differs(byServer.map((results) => results.get(key))) ? '<>' : '',
  ]);
  const sums = runs.map(({ results }) => {
    const passed = results.filter(({ outcome }) => outcome === 'passed').length;
    return `${passed} of ${results.length} passed`;
  });
  const table = [['TEST', ...runs.map(({ server }) => server.toUpperCase())], ...rows, ['', ...sums]];
  const widths = ['TEST', ...runs].map((_, index) =>
    Math.max(...table.map((row) => (row[index] ?? '').length)),
  );
  return table
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Returns the sums of all runs, in the format of `node --test`. */
export function sumUp(
  runs: readonly { readonly results: readonly TestResult[] }[],
  milliseconds: number,
): string {
  const all = runs.flatMap(({ results }) => results);
  const count = (wanted: TestResult['outcome']) => all.filter(({ outcome }) => outcome === wanted).length;
  return [
    `tests ${all.length}`,
    'suites 0',
    `pass ${count('passed')}`,
    `fail ${count('failed')}`,
    'cancelled 0',
    `skipped ${count('skipped')}`,
    'todo 0',
    `duration_ms ${Math.round(milliseconds)}`,
  ]
    .map((line) => `ℹ ${line}\n`)
    .join('');
}

function differs(results: readonly (TestResult | undefined)[]): boolean {
  const outcomes = results.flatMap((result) =>
    result && result.outcome !== 'skipped' ? [result.outcome] : [],
  );
  return new Set(outcomes).size > 1;
}

function describe(result: TestResult | undefined): string {
  if (!result) return 'not run';
  return `${result.outcome === 'failed' ? 'FAILED' : result.outcome} ${result.seconds.toFixed(1)} s`;
}
