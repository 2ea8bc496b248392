import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run } from '#src/cli/run.ts';
import { clientVersion } from '#src/cli/version.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import { buildOperatorBindings } from '#src/domain/install/bindings.ts';
import { StashError } from '#src/errors.ts';
import { testContext } from '#test/support/context.ts';
import { matchGolden } from '#test/support/golden.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

/** `get` reads the binding of our operator. */
function server(groups: readonly string[], get: Cluster['get'] = failing('not-found')) {
  return stubCluster({
    get,
    serverVersion: () => Promise.resolve('v1.36.3'),
    groups: () => Promise.resolve(['apps', ...groups]),
  });
}

function failing(kind: 'not-found' | 'forbidden'): Cluster['get'] {
  return () => Promise.reject(new StashError(kind, 'no'));
}

const [binding] = buildOperatorBindings({
  namespace: 'backups',
  image: 'image',
  replicas: 2,
  runSessions: 'in-jobs',
  version: 'v1',
});
const stashGroups = ['snapshot.storage.k8s.io', 'stash.appscode.com'];

const unreachable = stubCluster({
  serverVersion: () => Promise.reject(new StashError('unreachable', 'no answer', { hint: 'is it up?' })),
  groups: () => Promise.reject(new StashError('unreachable', 'no answer')),
});

const bare = server([]);
const crds = server(stashGroups);
const appscodes = server([...stashGroups, 'admission.stash.appscode.com']);
const ours = server(stashGroups, () => Promise.resolve(binding as never));
const hidden = server(stashGroups, failing('forbidden'));

const rows = [
  { argv: 'version', cluster: bare, golden: 'bare' },
  { argv: 'version', cluster: crds, golden: 'crds' },
  { argv: 'version', cluster: appscodes, golden: 'appscode' },
  { argv: 'version', cluster: ours, golden: 'ours' },
  { argv: 'version', cluster: hidden, golden: 'hidden' },
  { argv: 'version -o json', cluster: ours, golden: 'ours-json' },
  { argv: 'version -o json', cluster: appscodes, golden: 'json' },
  { argv: 'version -o yaml', cluster: crds, golden: 'yaml' },
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
