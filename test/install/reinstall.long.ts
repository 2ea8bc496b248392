/** Installations over others, at the same time as others, and such as do not become available, on the sandbox. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import type { Role } from '#src/api/kubernetes.ts';
import { imageRepository } from '#src/api/operator.ts';
import { clusterRoles, deployments, type Resource } from '#src/api/resources.ts';
import { startWorld, type World } from '#test/commands/world.ts';

import { namesIn } from './cluster-state.ts';

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

test('two concurrent installations both succeed, and one of them creates each object', async () => {
  const both = await Promise.all([world.run(`install ${image}`), world.run(`install ${image}`)]);
  assert.deepEqual(
    both.map(({ code, err }) => [code, code === 0 ? '' : err]),
    [
      [0, ''],
      [0, ''],
    ],
  );
  const [one = [], other = []] = both.map(({ out }) => out.trimEnd().split('\n'));
  assert.equal(one.length, other.length);
  for (const [index, line] of one.entries()) {
    const made = [line, other[index] ?? ''].filter((it) => it.endsWith(' created'));
    assert.equal(made.length, 1, `${line}; ${other[index] ?? ''}`);
  }
});

test('updates an older installation, and keeps changes by others', async () => {
  await world.run(`install ${image}`);
  const role: Resource<Role> = clusterRoles;
  await world.cluster.patch(
    role,
    { name: 'kubectl-stash-trigger' },
    { metadata: { labels: { team: 'a' } }, rules: [] },
  );
  const { out } = await world.run('install --image=example.com/stash:2');
  const configured = out.split('\n').filter((line) => line.endsWith(' configured'));
  assert.deepEqual(configured, [
    'clusterrole.rbac.authorization.k8s.io/kubectl-stash-trigger configured',
    'deployment.apps/kubectl-stash-operator configured',
  ]);
  const { metadata, rules } = await world.cluster.get(role, 'kubectl-stash-trigger');
  assert.equal(metadata.labels?.['team'], 'a');
  assert.notEqual(rules.length, 0);
  const { spec } = await world.cluster.get(deployments, 'kubectl-stash-operator', 'kubectl-stash');
  assert.equal(spec.template.spec.containers[0]?.image, 'example.com/stash:2');
});

test('passes flags to the operator, and removes them when they are left out', async () => {
  const args = async () => {
    const { spec } = await world.cluster.get(deployments, 'kubectl-stash-operator', 'kubectl-stash');
    return spec.template.spec.containers[0]?.args ?? [];
  };
  const chosen = '--run-sessions=in-process --sessions-at-once=200 --max-freeze=90s --log-level=debug';
  const { code, err } = await world.run(`install ${image} ${chosen}`);
  assert.equal(code, 0, err);
  const handedOn = ['--max-freeze=1m30s', '--sessions-at-once=200', '--log-level=debug'];
  assert.deepEqual((await args()).slice(-3), handedOn);
  await world.run(`install ${image}`);
  assert.deepEqual(
    (await args()).filter((each) => handedOn.includes(each)),
    [],
  );
});

test('removes the rights that only an in-process operator needs', async () => {
  const bindings = async () => (await namesIn(world.cluster)).filter((name) => name.endsWith('-in-process'));
  await world.run(`install ${image} --run-sessions=in-process`);
  assert.equal((await bindings()).length, 2);
  const { out, code } = await world.run(`install ${image}`);
  assert.equal(code, 0);
  assert.equal(out.match(/-in-process deleted$/gm)?.length, 2);
  assert.deepEqual(await bindings(), []);
});

for (const [why, tag, words] of [
  ['no image', 'none', /^pod kubectl-stash-operator-\S+ waits \(ErrImagePull\): .*:none: not found$/m],
  ['it crashes', 'broken', /^pod kubectl-stash-operator-\S+ exited with code 7$/m],
] as const) {
  test(`says why it does not become available: ${why}`, async () => {
    const late = await world.run(`install --image=${imageRepository}:${tag} --timeout=40s`);
    assert.equal(late.code, 5);
    assert.match(late.err, /^0 of 2 replicas are available$/m);
    assert.match(late.err, words);
    const [error = '', hint = ''] = late.err.split('\n').filter((line) => /^(error|hint):/.test(line));
    assert.match(
      error,
      /^error: timed out after 40s waiting for the operator: 0 of 2 replicas are available; pod /,
    );
    assert.match(hint, /^hint: kubectl describe pods -n kubectl-stash -l /);
  });
}

test('does not wait with --wait=false', async () => {
  const { code, err } = await world.run(`install --image=${imageRepository}:none --wait=false`);
  assert.deepEqual([code, err], [0, '']);
});
