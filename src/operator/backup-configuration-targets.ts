/** Enqueues the configurations of a target when the target is created or deleted. */
import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { type TargetKind, targetKinds } from '#src/domain/workload/kinds.ts';

import type { Key } from './reconciler.ts';
import type { Caches } from './world.ts';

interface Wanted {
  /** By name of the configuration. */
  readonly configurations: Map<string, Key>;
  present: boolean;
}

/** Workloads change all the time; configurations are enqueued only when one is created or deleted. */
export function enqueueByTarget(caches: Caches, enqueue: (key: Key) => void): void {
  const byTarget = new Map<string, Wanted>();
  /** From `namespace/name` of a configuration to the key of its target. */
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
  for (const kind of targetKinds) {
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
