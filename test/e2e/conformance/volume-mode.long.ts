import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  events,
  persistentVolumeClaims,
  volumeSnapshotContents,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { until } from '#test/support/until.ts';

import { claimsOf, patience } from './claims-of.ts';
import { openApi } from './open-api.ts';
import { mergePatch, messageOf } from './requests.ts';

const api = await openApi();
const { cluster, snapshotClass } = api.server;
const { namespace } = api;
const { claim, bound } = claimsOf(api);
const permission = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';

/** Resolves with the message of the first failure of the claim, which stays Pending. */
async function failureOf(name: string): Promise<string> {
  const isIt = (it: { involvedObject: { name?: string }; reason?: string }): boolean =>
    it.involvedObject.name === name && it.reason === 'ProvisioningFailed';
  const all = await until(cluster, events, { namespace }, (seen) => seen.some(isIt), patience);
  const found = await cluster.get(persistentVolumeClaims, name, namespace);
  assert.equal(found.status?.phase, 'Pending');
  return all.find(isIt)?.message ?? '';
}

test('a filesystem snapshot cannot fill a Block volume unless an administrator allows it', async () => {
  await claim('files');
  await bound('files');
  await cluster.create(volumeSnapshots, {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name: 'cut', namespace },
    spec: { source: { persistentVolumeClaimName: 'files' }, volumeSnapshotClassName: snapshotClass },
  });
  const [snapshot] = await until(
    cluster,
    volumeSnapshots,
    { namespace },
    ([it]) => it?.status?.readyToUse === true,
    patience,
  );
  const name = snapshot?.status?.boundVolumeSnapshotContentName ?? '';
  const content = await cluster.get(volumeSnapshotContents, name);
  assert.equal(content.spec.sourceVolumeMode, 'Filesystem');

  const path = `/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents/${name}`;
  for (const [mode, why] of [
    ['Block', 'spec.sourceVolumeMode: Invalid value: "Block": sourceVolumeMode is immutable'],
    [null, 'spec: Invalid value: sourceVolumeMode is required once set'],
  ]) {
    const changed = await api.send('PATCH', path, { spec: { sourceVolumeMode: mode } }, mergePatch);
    assert.equal(changed.code, 422);
    assert.ok(messageOf(changed).endsWith(`is invalid: ${why ?? ''}`), messageOf(changed));
  }

  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'cut' };
  const raw = (claimName: string) => claim(claimName, { volumeMode: 'Block', dataSource });
  const allow = (value: string) =>
    cluster.patch(volumeSnapshotContents, { name }, { metadata: { annotations: { [permission]: value } } });
  const refused = (claimName: string, why: string) =>
    `error getting handle for DataSource Type VolumeSnapshot by Name cut: requested volume ${namespace}/${claimName} ` +
    `modifies the mode of the source volume but does not have permission to do so. ${why} on snapshotcontent ${name}`;

  await raw('unasked');
  const unasked = await failureOf('unasked');
  assert.ok(unasked.endsWith(refused('unasked', `${permission} annotation is not present`)), unasked);
  await allow('false');
  await raw('forbidden');
  const forbidden = await failureOf('forbidden');
  assert.ok(forbidden.endsWith(refused('forbidden', `${permission} is set to false`)), forbidden);

  // With permission the driver is called; ours supports Filesystem only.
  await allow('true');
  await raw('allowed');
  const isAsked = (it: { involvedObject: { name?: string }; reason?: string }): boolean =>
    it.involvedObject.name === 'allowed' &&
    (it.reason === 'ProvisioningFailed' || it.reason === 'ProvisioningSucceeded');
  const all = await until(cluster, events, { namespace }, (seen) => seen.some(isAsked), patience);
  assert.doesNotMatch(all.find(isAsked)?.message ?? '', /modifies the mode/);
});
