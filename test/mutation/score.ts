/** Prints the share of mutants that a test kills, by folder, and exits with 1 if one is below its threshold. */
import { readFileSync } from 'node:fs';
import { dirname, matchesGlob } from 'node:path';

import type { schema } from '@stryker-mutator/api/core';

import config from './stryker.config.ts';

/** What decides about deletion, about resuming an application, and about success. */
const decisive = [
  'src/domain/retention/*.ts',
  'src/domain/hooks/hook-step.ts',
  'src/domain/restore-points/{delete-effects,restore-points,snapshot-groups,cut-deadline}.ts',
  'src/domain/backup/{decide-backup,backup-claims,snapshot-progress,backup-verdict}.ts',
  'src/domain/restore/{decide-restore,claim-progress,claims-in-the-way,restore-verdict}.ts',
  'src/domain/session/{session-status,end-status,session-end,roll-up,hook-record,holder,holder-life}.ts',
  'src/domain/operator/{freeze,retry,decide-executor,decide-backup-session,decide-restore-session}.ts',
];
const leastPercent = { decisive: 95, other: 90 };

const report = JSON.parse(readFileSync(config.jsonReporter.fileName, 'utf8')) as schema.MutationTestResult;
const lines = new Map<string, { killed: number; all: number; least: number }>();
for (const [file, { mutants }] of Object.entries(report.files)) {
  const decides = decisive.some((pattern) => matchesGlob(file, pattern));
  const least = decides ? leastPercent.decisive : leastPercent.other;
  const name = `${dirname(file)}${decides ? ' (decisive)' : ''}`;
  const line = lines.get(name) ?? { killed: 0, all: 0, least };
  lines.set(name, line);
  for (const { status } of mutants) {
    if (status === 'Killed' || status === 'Timeout') line.killed++;
    if (status !== 'CompileError' && status !== 'RuntimeError' && status !== 'Ignored') line.all++;
  }
}
for (const [name, { killed, all, least }] of [...lines].sort()) {
  const percent = (100 * killed) / all;
  const low = percent < least;
  if (low) process.exitCode = 1;
  process.stdout.write(
    `${name}: ${killed} of ${all}, ${percent.toFixed(1)} %${low ? `, below ${least} %` : ''}\n`,
  );
}
