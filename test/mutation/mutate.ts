/** `npm run test:mutation`: runs Stryker with the arguments given here, then compares its report with the limits. */
import { spawnSync } from 'node:child_process';

function run(...words: readonly string[]): void {
  const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const stryker = 'node_modules/@stryker-mutator/core/bin/stryker.js';
run(stryker, 'run', 'test/mutation/stryker.config.ts', ...process.argv.slice(2));
run('test/mutation/score.ts');
