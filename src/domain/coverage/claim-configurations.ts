/** Which BackupConfigurations take snapshots of a claim. */
import type { PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { isPlaceholder } from '#src/domain/backup/placeholder.ts';
import { configuredTarget } from '#src/domain/operator/check-configuration.ts';
import { workloadKey } from '#src/domain/restore-points/select-points.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { claimsOfTarget, stemOf, templateStems, type TargetObject } from '#src/domain/workload/claims.ts';

import type { ClaimUser } from './claim-users.ts';

export interface ConfigurationsOf {
  /** `taken`: the target of its newest restore point. Those with a schedule that runs come first. */
  readonly of: (
    claim: Stored<PersistentVolumeClaim>,
    users: readonly ClaimUser[],
    taken: ClaimUser | undefined,
  ) => readonly Stored<BackupConfiguration>[];
  /** Whether one of the namespace has a schedule that runs, and a target of this kind. */
  readonly mayBeFor: (namespace: string | undefined, kind: string) => boolean;
}

interface Scene {
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly workloads: readonly TargetObject[];
}

export function configurationsOf(
  configurations: readonly Stored<BackupConfiguration>[],
  { claims, workloads }: Scene,
): ConfigurationsOf {
  const targeted = configurations.flatMap((configuration) => {
    const target =
      configuration.spec.driver === 'VolumeSnapshotter' ? configuredTarget(configuration) : undefined;
    return target === undefined
      ? []
      : [{ configuration, key: workloadKey(target.namespace, target), target }];
  });
  const byTarget = Map.groupBy(targeted, ({ key }) => key);
  const kinds = new Set(
    targeted
      .filter(({ configuration }) => configuration.spec.paused !== true)
      .map(({ target }) => `${target.namespace}/${target.kind}`),
  );
  const byKey = new Map(
    workloads.map((each) => [
      workloadKey(each.object.metadata.namespace ?? '', {
        kind: each.kind,
        name: each.object.metadata.name ?? '',
      }),
      each,
    ]),
  );
  const byNamespace = Map.groupBy(claims, ({ metadata }) => metadata.namespace);
  const taken = new Map<Stored<BackupConfiguration>, ReadonlySet<string>>();

  /** The claims of a StatefulSet's templates that a session takes snapshots of. */
  const ordinals = (configuration: Stored<BackupConfiguration>, workload: TargetObject) => {
    const known = taken.get(configuration);
    if (known) return known;
    const seen = {
      claims: byNamespace.get(configuration.metadata.namespace) ?? [],
      pods: [],
      replicas: configuration.spec.target?.replicas,
    };
    const found = claimsOfTarget(workload, seen, mostClaimsPerSession);
    const names = new Set('value' in found ? found.value.map(({ name }) => name) : []);
    taken.set(configuration, names);
    return names;
  };
  const takes = (configuration: Stored<BackupConfiguration>, key: string, claim: string): boolean => {
    const workload = byKey.get(key);
    if (workload === undefined || !templateStems(workload).includes(stemOf(claim) ?? '')) return true;
    return ordinals(configuration, workload).has(claim);
  };

  return {
    of({ metadata: { namespace = '', name } }, users, target) {
      const all = [{ kind: 'PersistentVolumeClaim', name }, ...users, ...(target ? [target] : [])];
      const keys = new Set(all.map((each) => workloadKey(namespace, each)));
      return [...keys]
        .flatMap((key) =>
          (byTarget.get(key) ?? []).filter(({ configuration }) => takes(configuration, key, name)),
        )
        .map(({ configuration }) => configuration)
        .sort((a, b) => Number(isPlaceholder(a)) - Number(isPlaceholder(b)));
    },
    mayBeFor: (namespace, kind) => kinds.has(`${namespace ?? ''}/${kind}`),
  };
}
