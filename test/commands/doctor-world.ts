/** A namespace to examine with `doctor`. */
import assert from 'node:assert/strict';

import { volumeSnapshotClasses } from '#src/api/resources.ts';
import type { FindingItem, FindingList } from '#src/report/findings.ts';

import { claim, deployment, namespace, object } from './objects.ts';
import { type RunOptions, type World } from './world.ts';

export const demo = 'demo';
export const web = { kind: 'Deployment', name: 'web' };
export const isDefault = 'snapshot.storage.kubernetes.io/is-default-class';

/** Namespace demo with deployment `web` and its claim. */
export async function place(world: World): Promise<void> {
  await world.create(
    namespace(demo),
    claim(demo, 'data'),
    deployment(demo, 'web', ['data'], { replicas: 0 }),
  );
  await world.bound(demo, 'data');
}

export function snapshotClass(name: string, annotations: Record<string, string> = {}) {
  const made = object('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', {
    metadata: { name, annotations },
    driver: 'sandbox.csi.stash.dev',
    deletionPolicy: 'Delete',
  });
  return [volumeSnapshotClasses, made] as const;
}

export async function examined(
  world: World,
  words = '',
  options: RunOptions = {},
): Promise<readonly FindingItem[]> {
  const { out, err } = await world.run(`doctor ${words} -o json`.replace('  ', ' '), options);
  assert.equal(err, '');
  return (JSON.parse(out) as FindingList).items;
}
