/** Which configurations wait for, or lose, a target that appears or disappears. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { targetTypes, type TargetKind } from '#src/domain/workload/target.ts';

import type { Key } from './reconciler.ts';
import type { Caches } from './world.ts';

interface Wanted {
  /** By name of the configuration. */
  readonly configurations: Map<string, Key>;
  present: boolean;
}

/** A workload changes all the time: only its coming and going is told. */
export function enqueueByTarget(caches: Caches, enqueue: (key: Key) => void): void {
  const byTarget = new Map<string, Wanted>();
  /** By configuration. */
  const targets = new Map<string, string>();

  const forget = (configuration: string, name: string) => {
    const target = targets.get(configuration) ?? '';
    const wanted = byTarget.get(target);
    wanted?.configurations.delete(name);
    if (wanted?.configurations.size === 0) byTarget.delete(target);
    targets.delete(configuration);
  };

  const remember = (configuration: Stored<BackupConfiguration>, deleted: boolean) => {
    const { namespace = '', name } = configuration.metadata;
    const id = `${namespace}/${name}`;
    const target = deleted ? undefined : configuredTarget(configuration);
    const key = target && idOf(target.kind, target.namespace, target.name);
    if (targets.get(id) === key) return;
    forget(id, name);
    if (target === undefined || key === undefined) return;
    targets.set(id, key);
    const present = caches.targets[target.kind].get(target.namespace, target.name) !== undefined;
    const wanted = byTarget.get(key) ?? { configurations: new Map<string, Key>(), present };
    byTarget.set(key, wanted);
    wanted.configurations.set(name, { namespace, name });
  };

  caches.configurations.onChange(remember);
  for (const kind of Object.keys(targetTypes) as TargetKind[]) {
    caches.targets[kind].onChange(({ metadata }: Stored<KubernetesObject>, deleted) => {
      const wanted = byTarget.get(idOf(kind, metadata.namespace ?? '', metadata.name));
      if (wanted === undefined || wanted.present === !deleted) return;
      wanted.present = !deleted;
      for (const key of wanted.configurations.values()) enqueue(key);
    });
  }
}

function idOf(kind: TargetKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
