import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Job, Stored } from '#src/api/kubernetes.ts';
import {
  buildReader,
  buildRestored,
  buildSnapshotOfSource,
  buildSource,
  buildWriter,
  isLeftOver,
  type ProbeWishes,
} from '#src/domain/probe/build-probe.ts';
import { stored } from '#test/domain/objects.ts';

const wishes: ProbeWishes = {
  ...{ name: 'stash-probe-1a2b3c4d', namespace: 'demo', size: '1Gi', limitSeconds: 300 },
  ...{ storageClass: 'fast', snapshotClass: 'snap', image: 'registry.example.com:5000/kubectl-stash:v1' },
};
const owner: Stored<Job> = stored(buildWriter(wishes));

test('the first Job owns all else, and has no owner', () => {
  assert.equal(buildWriter(wishes).metadata.ownerReferences, undefined);
  const { apiVersion, kind, metadata } = owner;
  const expected = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }];
  for (const build of [buildReader, buildSource, buildSnapshotOfSource, buildRestored])
    assert.deepEqual(build(wishes, owner).metadata.ownerReferences, expected);
});

test('Kubernetes ends and deletes the first Job by itself, later than the command gives up', () => {
  const { activeDeadlineSeconds = 0, ttlSecondsAfterFinished = 0 } = owner.spec ?? {};
  assert.ok(activeDeadlineSeconds > wishes.limitSeconds);
  assert.ok(ttlSecondsAfterFinished > wishes.limitSeconds);
  assert.equal(buildReader(wishes, owner).spec?.ttlSecondsAfterFinished, undefined);
});

test('a Job is left over once the longest probe would have ended', () => {
  const longest = 2 * (wishes.limitSeconds + 60) * 1000;
  const at = (milliseconds: number) => new Date(Date.parse(owner.metadata.creationTimestamp) + milliseconds);
  assert.equal(isLeftOver(owner, at(longest)), false);
  assert.equal(isLeftOver(owner, at(longest + 1)), true);
});

test('both pods meet the pod security standard restricted, and have no token', () => {
  for (const { spec } of [buildWriter(wishes), buildReader(wishes, owner)]) {
    const pod = spec?.template.spec;
    assert.equal(pod?.automountServiceAccountToken, false);
    assert.partialDeepStrictEqual(pod, {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
    });
  }
});

const images: readonly (readonly [image: string, isProgram: boolean])[] = [
  ['ghcr.io/kubectl-stash/kubectl-stash:v0.1.0', true],
  ['registry.example.com:5000/mirror/kubectl-stash@sha256:1a2b', true],
  ['kubectl-stash', true],
  ['busybox', false],
  ['registry.example.com/kubectl-stash/busybox:1', false],
];
for (const [image, isProgram] of images) {
  test(`${image} ${isProgram ? 'is the program' : 'has a shell'}`, () => {
    const [container] = buildWriter({ ...wishes, image }).spec?.template.spec.containers ?? [];
    assert.equal(container?.command === undefined, isProgram);
    const words = [...(container?.command ?? []), ...(container?.args ?? [])].join(' ');
    assert.match(words, /\/probe\/data/);
    assert.match(words, /\/dev\/termination-log/);
  });
}

test('the restored claim asks for the same as its source, and for the data of the snapshot', () => {
  const { dataSource, ...spec } = buildRestored(wishes, owner).spec;
  assert.deepEqual(spec, buildSource(wishes, owner).spec);
  assert.equal(dataSource?.name, buildSnapshotOfSource(wishes, owner).metadata.name);
});
