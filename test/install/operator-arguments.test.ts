/** The Deployment passes only flags that `operator run` knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { convert } from '#src/cli/convert.ts';
import { globalFlags } from '#src/cli/global-flags.ts';
import { parse } from '#src/cli/parse.ts';
import { command as install } from '#src/commands/install.ts';
import { command } from '#src/commands/operator/run.ts';
import { buildDeployment } from '#src/domain/install/deployment.ts';

for (const runSessions of ['in-jobs', 'in-process'] as const) {
  test(`--run-sessions=${runSessions}`, async () => {
    const { spec } = buildDeployment({
      ...{ namespace: 'n', image: 'stash:1', replicas: 2, version: 'v1', runSessions },
      ...{ maxFreezeMs: 1_500, sessionsAtOnce: 7, claimsPerSession: 20, logLevel: 'warn' },
      coverageMetrics: true,
    });
    const [first, second, ...args] = spec.template.spec.containers[0]?.args ?? [];
    assert.equal(`${first ?? ''} ${second ?? ''}`, command.name);
    const { given, words } = await parse(args, { ...globalFlags, ...command.flags });
    assert.deepEqual(words, []);
    const flags = convert(given, command.flags);
    assert.deepEqual([flags.runSessions, flags.image, flags.listen], [runSessions, 'stash:1', ':8080']);
    assert.deepEqual([flags.maxFreeze, flags.sessionsAtOnce, flags.logLevel], [1_500, 7, 'warn']);
    assert.equal(flags.claimsPerSession, 20);
    assert.equal(flags.coverageMetrics, true);
    assert.deepEqual(given.get('namespace'), ['$(POD_NAMESPACE)']);
  });
}

test('install describes what it hands on as operator run takes it', () => {
  const { runSessions, maxFreeze, sessionsAtOnce, claimsPerSession, logLevel } = command.flags;
  const { flags } = install;
  assert.deepEqual(flags.runSessions.choices, runSessions.choices);
  assert.deepEqual(flags.logLevel.choices, logLevel.choices);
  for (const [one, other] of [
    [flags.maxFreeze, maxFreeze],
    [flags.sessionsAtOnce, sessionsAtOnce],
    [flags.claimsPerSession, claimsPerSession],
    [flags.logLevel, logLevel],
  ] as const) {
    assert.equal(one.type, other.type);
    assert.match(one.description, new RegExp(`; by default ${other.default}\\.$`));
  }
});
