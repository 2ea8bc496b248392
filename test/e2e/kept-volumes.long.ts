/** A developer with the rights of `docs/rbac/in-place.yaml` lists kept volumes and gives them up; without one, the command names it. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test, type TestContext } from 'node:test';

import {
  deployments,
  persistentVolumeClaims,
  persistentVolumes,
  restoreSessions,
} from '#src/api/resources.ts';
import { readSwapped } from '#src/domain/in-place/swapped-volume.ts';
import type { keptVolumeList } from '#src/report/kept-volumes.ts';
import { without } from '#test/support/documented-rights.ts';
import { keep, reserve, volumeNamed } from '#test/support/kept.ts';

import { readRights } from '../../cmd/docs/documented-rights.ts';

import {
  documentedRules,
  grantEverywhere,
  grantInNamespace,
  hasAccessControl,
  inPlaceRules,
  untilGranted,
} from './developer.ts';
import { deployment } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import type { Identity } from './plugin.ts';
import { startServer } from './server.ts';

const server = await startServer();
const { cluster } = server;
const skip = !(await hasAccessControl(server)) && 'the sandbox does not tell people apart';
const [roleRules, clusterRules] = await inPlaceRules();
const namespaced = [...(await documentedRules('developer.yaml')), ...roleRules];
const markdown = await readFile(new URL('../../docs/rbac.md', import.meta.url), 'utf8');

const lines = new Map([
  ['volumes', 'volumes'],
  ['forget', 'forget swap --yes'],
]);

/** A user with all documented rights, or all but one. */
async function admit(t: TestContext, { namespace }: Place, permission = 'all'): Promise<Identity> {
  const user = `${namespace}-without-${permission.replaceAll(/[^a-z]+/g, '-')}`;
  const rules = [without(namespaced, permission), without(clusterRules, permission)] as const;
  await grantInNamespace(server, namespace, user, rules[0]);
  t.after(await grantEverywhere(server, user, rules[1]));
  const identity = { as: user, asGroup: [user] };
  await untilGranted(server, namespace, identity, rules.flat());
  return identity;
}

async function kept(place: Place, ...claims: readonly string[]): Promise<string[]> {
  const { namespace } = place;
  await place.claims(...claims);
  return Promise.all(claims.map((claim) => keep(cluster, { namespace, claim, session: 'swap' })));
}

await suite('kept volumes', { skip }, () => {
  test('are given up, Released or reserved for a claim, and their driver deletes them', async (t) => {
    const place = await openPlace(t, server);
    const identity = await admit(t, place);
    const [released = '', reserved = ''] = await kept(place, 'data', 'logs');
    await reserve(cluster, reserved, 'logs');
    const listed = await place.succeeds('volumes -o name', { identity });
    assert.equal(listed.stdout, `persistentvolume/${released}\npersistentvolume/${reserved}\n`);
    const tried = await place.succeeds('forget swap --dry-run=server', { identity });
    assert.match(tried.stdout, /\(server dry run\)/);
    assert.equal((await volumeNamed(cluster, released))?.spec.persistentVolumeReclaimPolicy, 'Retain');
    await place.succeeds('forget swap --yes', { identity });
    for (const name of [released, reserved]) assert.equal(await volumeNamed(cluster, name), undefined);
  });

  test('of a restore in place: the documented rights are enough for it, for undo, and to give them up', async (t) => {
    const place = await openPlace(t, server);
    const identity = await admit(t, place);
    await place.claims('data');
    await place.create(deployments, deployment('web', ['data']));
    await place.running('web');
    await place.succeeds('snapshot deploy/web --executor=local', { identity });
    const volumeOf = async () => (await place.list(persistentVolumeClaims))[0]?.spec.volumeName ?? '';
    const before = await volumeOf();
    await place.succeeds('restore deploy/web --in-place --stop=scale --yes', { identity });
    const restored = await volumeOf();
    assert.notEqual(restored, before);

    const listed = async () => {
      await place.until(persistentVolumes, (all) =>
        all
          .filter((volume) => readSwapped(volume)?.namespace === place.namespace)
          .every((volume) => readSwapped(volume)?.role !== 'kept' || volume.status?.phase === 'Released'),
      );
      const { stdout } = await place.succeeds('volumes deploy/web -o json', { identity });
      const { items } = JSON.parse(stdout) as ReturnType<typeof keptVolumeList>;
      return items.map(({ metadata, state, restorePoints }) => [metadata.name, state, restorePoints.length]);
    };
    assert.deepEqual(await listed(), [[before, 'Released', 1]]);
    const [session] = await place.list(restoreSessions);
    const name = session?.metadata.name ?? '';
    const refused = await place.stash(`forget ${name} --yes`, { identity });
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /is the last complete one of deployment\/web/);

    await place.succeeds(`undo ${name} --stop=gate --yes`, { identity });
    assert.equal(await volumeOf(), before);
    assert.deepEqual(await listed(), [[restored, 'Released', 0]]);
    await place.succeeds(`forget ${name} --yes`, { identity });
    assert.deepEqual(await listed(), []);
    assert.equal(await volumeNamed(cluster, restored), undefined);
    assert.equal((await volumeNamed(cluster, before))?.spec.persistentVolumeReclaimPolicy, 'Delete');
    await place.running('web');
  });

  const rights = readRights(markdown, 'Restore in place, verb by verb').flatMap(
    ({ verb, resource, neededBy }) =>
      neededBy.flatMap((command) => {
        const line = lines.get(command);
        return line === undefined ? [] : { permission: `${verb} ${resource}`, line };
      }),
  );
  for (const [permission, needing] of Map.groupBy(rights, (right) => right.permission)) {
    test(`without ${permission}`, async (t) => {
      const place = await openPlace(t, server);
      const identity = await admit(t, place, permission);
      const [volume = ''] = await kept(place, 'data');
      t.after(() => release(volume));
      for (const { line } of needing) {
        const ran = await place.stash(line, { identity });
        assert.equal(ran.code, 1, `${line}: ${ran.stderr}`);
        assert.match(ran.stderr, new RegExp(`may not [^\\n]*${RegExp.escape(permission)}`), line);
        assert.equal(ran.stdout, '');
      }
      const left = await volumeNamed(cluster, volume);
      assert.equal(left?.spec.persistentVolumeReclaimPolicy, 'Retain');
      for (const line of lines.values())
        if (needing.every((each) => each.line !== line)) await place.succeeds(line, { identity });
    });
  }
});

/** The volume's driver deletes it. */
async function release(name: string): Promise<void> {
  if ((await volumeNamed(cluster, name)) === undefined) return;
  await cluster.patch(persistentVolumes, { name }, { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
}
