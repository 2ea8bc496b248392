import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '#src/cli/run.ts';
import { clientVersion } from '#src/cli/version.ts';
import { commands } from '#src/commands/index.ts';
import { StashError } from '#src/errors.ts';
import { testContext } from '#test/support/context.ts';
import { matchGolden } from '#test/support/golden.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

function server(...groups: string[]) {
  return stubCluster({
    serverVersion: () => Promise.resolve('v1.36.3'),
    groups: () => Promise.resolve(['apps', ...groups]),
  });
}

const unreachable = stubCluster({
  serverVersion: () => Promise.reject(new StashError('unreachable', 'no answer', { hint: 'is it up?' })),
  groups: () => Promise.reject(new StashError('unreachable', 'no answer')),
});

const bare = server();
const ours = server('snapshot.storage.k8s.io', 'stash.appscode.com');
const appscodes = server('snapshot.storage.k8s.io', 'stash.appscode.com', 'admission.stash.appscode.com');

const rows = [
  { argv: 'version', cluster: bare, golden: 'bare' },
  { argv: 'version', cluster: ours, golden: 'crds' },
  { argv: 'version', cluster: appscodes, golden: 'appscode' },
  { argv: 'version -o json', cluster: appscodes, golden: 'json' },
  { argv: 'version -o yaml', cluster: ours, golden: 'yaml' },
  { argv: 'version', cluster: unreachable, golden: 'unreachable', code: 1 },
  { argv: 'version -o json', cluster: unreachable, golden: 'unreachable-json', code: 1 },
  { argv: 'version --client', cluster: undefined, golden: 'client' },
  { argv: 'version --client -o yaml', cluster: undefined, golden: 'client-yaml' },
];

for (const { argv, cluster, golden, code = 0 } of rows) {
  test(`${argv}: ${golden}`, async () => {
    const context = testContext(cluster && { cluster });
    assert.equal(await run(argv.split(' '), context, commands), code, context.stderr());
    const shown = (context.stdout() + context.stderr())
      .replaceAll(clientVersion, 'vCLIENT')
      .replaceAll(`${process.platform}/${process.arch}`, 'PLATFORM');
    matchGolden(`version/${golden}`, shown);
  });
}
