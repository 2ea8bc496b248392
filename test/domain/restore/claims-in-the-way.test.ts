/** Which claims an in-place restore would have to delete, and what keeps them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Pod, PodSpec, Stored } from '#src/api/kubernetes.ts';
import { claimsInTheWay, podsUsing } from '#src/domain/restore/claims-in-the-way.ts';
import { claim, created, pod, snapshot } from '#test/domain/objects.ts';

type Phase = NonNullable<NonNullable<Pod['status']>['phase']>;

function using(name: string, phase: Phase | undefined, spec: Partial<PodSpec> = {}): Stored<Pod> {
  const made = pod(name, ['data']);
  return { ...made, spec: { ...made.spec, nodeName: 'n', ...spec }, status: { ...(phase && { phase }) } };
}

const names = (objects: readonly { readonly metadata: { readonly name: string } }[]) =>
  objects.map(({ metadata }) => metadata.name);

test('finds the claims of these names only, with the pods that use each and those that have ended', () => {
  const pods = [
    using('runs', 'Running'),
    using('waits', 'Pending'),
    using('unseen', undefined),
    using('done', 'Succeeded'),
    using('broken', 'Failed'),
    { ...using('evicted', 'Failed'), spec: pod('evicted', ['data']).spec },
    pod('other', ['logs']),
    using('none', 'Running', { volumes: [{ name: 'tmp' }] }),
  ];
  const found = claimsInTheWay(['data', 'absent'], {
    claims: [claim('data'), claim('logs')],
    pods,
    snapshots: [],
  });
  assert.deepEqual(names(found.map((each) => each.claim)), ['data']);
  assert.deepEqual(names(found[0]?.pods ?? []), ['runs', 'waits', 'unseen']);
  assert.deepEqual(
    names(found[0]?.ended ?? []),
    ['done', 'broken'],
    'one that never had a node keeps nothing',
  );
  assert.deepEqual(podsUsing('data', pods), ['runs', 'waits', 'unseen']);
  assert.deepEqual(podsUsing('logs', pods), ['other']);
  const { status, ...unseen } = pod('new', ['data']);
  assert(status);
  assert.deepEqual(podsUsing('data', [unseen]), ['new']);
  assert.deepEqual(podsUsing('data', [{ ...pod('bare', []), spec: { containers: [] } }]), []);
});

test('a generic ephemeral volume uses the claim of its pod and volume', () => {
  const volumes = [
    { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: claim('x').spec } } },
    { name: 'tmp' },
  ];
  const one = using('web', 'Running', { volumes });
  assert.deepEqual(podsUsing('web-scratch', [one]), ['web']);
  assert.deepEqual(podsUsing('web-tmp', [one]), []);
});

test('only a snapshot that is still being made keeps its claim', () => {
  const going = snapshot('data');
  going.metadata.deletionTimestamp = created;
  const snapshots = [
    { ...snapshot('new'), spec: { source: { persistentVolumeClaimName: 'data' } } },
    { ...snapshot('made', { readyToUse: false }), spec: { source: { persistentVolumeClaimName: 'data' } } },
    { ...snapshot('ready', { readyToUse: true }), spec: { source: { persistentVolumeClaimName: 'data' } } },
    snapshot('logs'),
    going,
  ];
  const [found] = claimsInTheWay(['data'], { claims: [claim('data')], pods: [], snapshots });
  assert.deepEqual(names(found?.unready ?? []), ['new', 'made']);
});
