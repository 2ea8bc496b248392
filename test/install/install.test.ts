/** `kubectl stash install` against the sandbox. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import type { KubernetesObject, Role } from '#src/api/kubernetes.ts';
import { clusterRoles, namespaces } from '#src/api/resources.ts';
import { withAppscode } from '#test/operator-player/appscode.ts';
import { matchGolden } from '#test/support/golden.ts';
import { startWorld, type World } from '#test/commands/world.ts';

import { changes, stateOf } from './cluster-state.ts';
import { withoutRights } from './missing-rights.ts';

/** The sandbox only pretends to run this image. */
const image = '--image=example.com/stash:1';

let world: World;
before(async () => {
  const argv = [process.execPath, '-e', 'process.exit(7)'];
  world = await startWorld({ stash: false, program: { argv, version: 'broken' } });
  world.race();
});
after(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  const { code, err } = await world.run('uninstall --crds --yes');
  assert.equal(code, 0, err);
});

test('installs everything, waits until it is available, and finds it unchanged the next time', async () => {
  const first = await world.run(`install ${image}`);
  assert.equal(first.code, 0, first.err);
  matchGolden('install/created', first.out);
  assert.match(first.err, /2 of 2 replicas are available\n$/);
  const installed = await stateOf(world.cluster);

  const second = await world.run(`install ${image}`);
  assert.equal(second.code, 0, second.err);
  assert.equal(second.out, first.out.replaceAll(' created\n', ' unchanged\n'));
  assert.deepEqual(changes(installed, await stateOf(world.cluster)), []);
});

for (const [name, words] of [
  ['no-freeze', '--max-freeze=0'],
  ['bad-freeze', '--max-freeze=soon'],
  ['bad-level', '--log-level=trace'],
  ['none-at-once', '--run-sessions=in-process --sessions-at-once=0'],
  ['at-once-with-jobs', '--sessions-at-once=10'],
] as const) {
  test(`refuses a wrong flag before it connects: ${name}`, async () => {
    const { code, out, err } = await world.run(`install ${image} ${words}`, { configured: false });
    assert.deepEqual([code, out], [2, '']);
    matchGolden(`install/${name}`, err);
  });
}

test('installs into another namespace, which may exist', async () => {
  await world.cluster.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'backup' },
  });
  const { code, out } = await world.run(`install -n backup ${image}`);
  assert.equal(code, 0);
  assert.match(out, /^namespace\/backup skipped \(it was there before\)$/m);
  const { metadata } = await world.cluster.get(namespaces, 'backup');
  assert.equal(metadata.labels?.['app.kubernetes.io/managed-by'], undefined);
  const again = await world.run(`install ${image}`);
  assert.equal(again.code, 1);
  matchGolden('install/second-home', again.err);
});

for (const mode of ['client', 'server'] as const) {
  test(`a dry run of the ${mode} writes nothing`, async () => {
    const before = await stateOf(world.cluster);
    const empty = await world.run(`install ${image} --dry-run=${mode}`);
    assert.equal(empty.code, 0, empty.err);
    matchGolden(`install/dry-run-${mode}`, empty.out);
    assert.deepEqual(changes(before, await stateOf(world.cluster)), []);

    await world.run(`install ${image} --run-sessions=in-process`);
    const installed = await stateOf(world.cluster);
    const full = await world.run(`install ${image} --replicas=3 --dry-run=${mode}`);
    assert.equal(full.code, 0, full.err);
    assert.match(full.out, /^deployment\.apps\/kubectl-stash-operator configured \(/m);
    assert.match(full.out, /-in-process deleted \(/);
    assert.deepEqual(changes(installed, await stateOf(world.cluster)), []);
  });
}

test("refuses on a cluster with AppsCode's operator, except for the definitions", async () => {
  const before = await stateOf(world.cluster);
  const refused = await world.run(`install ${image}`, { through: withAppscode });
  assert.equal(refused.code, 1);
  matchGolden('install/beside-appscode', refused.err);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);
  assert.equal((await world.run('install --crds', { through: withAppscode })).code, 0);
});

test('refuses before the first write if a foreign object has one of our names', async () => {
  const theirs: Role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'kubectl-stash-restorer' },
    rules: [],
  };
  await world.cluster.create(clusterRoles, theirs);
  const before = await stateOf(world.cluster);
  const refused = await world.run(`install ${image}`);
  assert.equal(refused.code, 1);
  matchGolden('install/foreign', refused.err);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);
  await world.cluster.delete(clusterRoles, { name: 'kubectl-stash-restorer' });
});

test('names missing rights before the first write', async () => {
  const before = await stateOf(world.cluster);
  const refused = await world.run(`install ${image}`, {
    through: withoutRights('clusterroles', 'deployments'),
  });
  assert.equal(refused.code, 1);
  matchGolden('install/missing-rights', refused.err);
  assert.deepEqual(changes(before, await stateOf(world.cluster)), []);
});

test('prints the contents of docs/install, without a server', async () => {
  const docs = join(import.meta.dirname, '../../docs/install');
  const [crds, operator] = await Promise.all(
    ['crds.yaml', 'operator.yaml'].map((file) => readFile(join(docs, file), 'utf8')),
  );
  const { code, out } = await world.run('install -o yaml', { configured: false });
  assert.equal(code, 0);
  assert.equal(out, `${crds ?? ''}---\n${operator ?? ''}`);
  const json = await world.run('install -o json -n backup', { configured: false });
  const { items } = JSON.parse(json.out) as { items: KubernetesObject[] };
  assert.deepEqual([...new Set(items.map(({ metadata }) => metadata.namespace))], [undefined, 'backup']);
});
