/** `doctor --probe` on a real claim. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  jobs,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import type { FindingItem, FindingList } from '#src/report/findings.ts';

import { documentedRules, grantInNamespace, hasAccessControl, untilGranted } from './developer.ts';
import { runPlugin, type Identity } from './plugin.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const skip = !(await hasAccessControl(server)) && 'the sandbox does not tell people apart';

async function probed(place: Place, words = '', identity?: Identity) {
  const { kubeconfig, storageClass, snapshotClass } = server;
  const classes = `--storage-class ${storageClass} --snapshot-class ${snapshotClass}`;
  const line = `doctor --probe --timeout 3m -o json ${classes} ${words}`.trim().split(' ');
  const ran = await runPlugin(kubeconfig, line, { identity, namespace: place.namespace });
  const { items } = JSON.parse(ran.stdout) as FindingList;
  return { ...ran, items };
}

function told(items: readonly FindingItem[]): string[] {
  return items.map(({ check, level }) => `${check} ${level}`);
}

async function assertNothingLeft(place: Place): Promise<void> {
  const made: readonly Resource[] = [jobs, pods, persistentVolumeClaims, volumeSnapshots];
  for (const resource of made) assert.deepEqual(await place.list(resource), [], resource.plural);
  await place.until(persistentVolumes, (all) =>
    all.every(({ spec }) => spec.claimRef?.namespace !== place.namespace),
  );
}

/** A user with the rights of developer.yaml and probe.yaml, and the place's right to read classes. */
async function prober(place: Place): Promise<Identity> {
  assert(place.developer);
  const as = `${place.namespace}-prober`;
  const rules = [...(await documentedRules('developer.yaml')), ...(await documentedRules('probe.yaml'))];
  await grantInNamespace(server, place.namespace, as, rules);
  const identity = { ...place.developer, as };
  const classes = await documentedRules('classes.yaml');
  await untilGranted(server, place.namespace, identity, [...rules, ...classes]);
  return identity;
}

const allOk = [
  'probe-write ok',
  'probe-snapshot ok',
  'probe-restore ok',
  'probe-compare ok',
  'probe-clean-up ok',
];

await suite('probe', { concurrency: 2 }, () => {
  test('write, snapshot, restore and compare, with a shell, and nothing is left', async (t) => {
    const place = await openPlace(t, server);
    const { code, items, stderr } = await probed(place, '--image busybox');
    assert.deepEqual(told(items), allOk, stderr);
    assert.equal(code, 0);
    for (const { message } of items) assert.match(message, / after \d/);
    await assertNothingLeft(place);
  });

  test('the documented roles are enough', { skip }, async (t) => {
    const place = await openPlace(t, server);
    const { code, items, stderr } = await probed(place, '--image busybox', await prober(place));
    assert.deepEqual(told(items), allOk, stderr);
    assert.equal(code, 0);
    await assertNothingLeft(place);
  });

  test(
    'the same with our own image',
    { skip: server.driver === undefined && 'it may not be there' },
    async (t) => {
      const place = await openPlace(t, server);
      const { code, items, stderr } = await probed(place);
      assert.deepEqual(told(items), allOk, stderr);
      assert.equal(code, 0);
      await assertNothingLeft(place);
    },
  );
});
