/** A sandbox whose kubeconfig belongs to a user, to see how a missing right is reported. */
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { stashCrds } from '#src/api/crds/index.ts';
import { persistentVolumeClaims, roleBindings, roles, volumeSnapshots } from '#src/api/resources.ts';
import { buildUserRights } from '#src/domain/install/user-roles.ts';
import { startSandbox } from '#src/sandbox/sandbox.ts';
import { applyDefinitions } from '#src/sandbox/seed.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { claim } from '#test/e2e/manifests.ts';
import { runPlugin } from '#test/e2e/plugin.ts';

const directory = await mkdtemp(join(tmpdir(), 'stash-user-'));
const sandbox = await startSandbox({ directory, as: 'dev' });
const { cluster, kubeconfig } = sandbox;
after(async () => {
  await sandbox.stop();
  await removeTree(directory);
});
await applyDefinitions(cluster, stashCrds);
const namespace = 'default';
await cluster.create(persistentVolumeClaims, {
  ...claim('data', 'sandbox'),
  metadata: { name: 'data', namespace },
});

async function stash(line: string) {
  const ran = await runPlugin(kubeconfig, line.split(' '));
  return { ...ran, told: `${ran.code}: ${ran.stderr}` };
}

test('a user without a role is told every missing right, and nothing is written', async () => {
  const ran = await stash('snapshot pvc/data');
  assert.equal(ran.code, 1, ran.told);
  assert.match(ran.stderr, /user "dev" may not [^\n]*persistentvolumeclaims/);
  assert.deepEqual((await cluster.list(volumeSnapshots, { namespace })).items, []);
});

test('with the documented Role it works, and with fewer bindings less of it does', async () => {
  const rights = buildUserRights('dev', namespace);
  for (const role of rights.roles) if (role.kind === 'Role') await cluster.create(roles, role);
  for (const binding of rights.bindings)
    if (binding.kind === 'RoleBinding') await cluster.create(roleBindings, binding);
  const taken = await stash('snapshot pvc/data --keep-last 1');
  assert.equal(taken.code, 0, taken.told);
  const admin = await runPlugin(kubeconfig, ['list', '--context', 'sandbox', '-A']);
  assert.equal(admin.code, 0, admin.stderr);
  const everywhere = await stash('list -A');
  assert.equal(everywhere.code, 1, everywhere.told);

  await cluster.delete(roleBindings, { name: 'stash-hooks', namespace });
  const kept = await stash('snapshot pvc/data --keep-last 1');
  assert.equal(kept.code, 1, kept.told);
  assert.match(
    kept.stderr,
    /user "dev" may not delete volumesnapshots\.snapshot\.storage\.k8s\.io in namespace default/,
  );
  const plain = await stash('snapshot pvc/data');
  assert.equal(plain.code, 0, plain.told);
});
