/** Which BackupConfigurations take snapshots of a claim. */
import { workloadKey } from '#src/domain/restore-points/select-points.ts';
import { mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { claimsOfTarget, stemOf, templateStems, type TargetObject } from '#src/domain/workload/claims.ts';

import type { ClaimSchedule } from './claim-schedule.ts';
import type { ClaimUser } from './claim-users.ts';
import type { HeldClaim } from './held-claim.ts';

export interface ConfigurationsOf {
  /** `taken`: the target of its newest restore point. Those with a schedule that runs come first. */
  readonly of: (
    claim: HeldClaim,
    users: readonly ClaimUser[],
    taken: ClaimUser | undefined,
  ) => readonly ClaimSchedule[];
  /** Whether one of the namespace has a schedule that runs, and a target of this kind. */
  readonly mayBeFor: (namespace: string, kind: string) => boolean;
}

interface Scene {
  readonly claims: readonly HeldClaim[];
  /** StatefulSets; other workloads do not matter here. */
  readonly workloads: readonly TargetObject[];
}

export function configurationsOf(
  configurations: readonly ClaimSchedule[],
  { claims, workloads }: Scene,
): ConfigurationsOf {
  const byTarget = Map.groupBy(configurations, ({ target }) => workloadKey(target.namespace, target));
  const kinds = new Set(
    configurations.filter(({ paused }) => !paused).map(({ target }) => `${target.namespace}/${target.kind}`),
  );
  const byKey = new Map(
    workloads.map((each) => {
      const { namespace = '', name = '' } = each.object.metadata;
      return [workloadKey(namespace, { kind: each.kind, name }), each];
    }),
  );
  const byNamespace = Map.groupBy(claims, ({ namespace }) => namespace);
  const taken = new Map<ClaimSchedule, ReadonlySet<string>>();

  /** The claims of a StatefulSet's templates that a session takes snapshots of. */
  const ordinals = (configuration: ClaimSchedule, workload: TargetObject) => {
    const known = taken.get(configuration);
    if (known) return known;
    const { target, replicas } = configuration;
    const beside = byNamespace.get(target.namespace) ?? [];
    const seen = { claims: beside.map(({ name }) => ({ metadata: { name } })), pods: [], replicas };
    const found = claimsOfTarget(workload, seen, mostClaimsPerSession);
    const names = new Set('value' in found ? found.value.map(({ name }) => name) : []);
    taken.set(configuration, names);
    return names;
  };
  const takes = (configuration: ClaimSchedule, key: string, claim: string): boolean => {
    const workload = byKey.get(key);
    if (workload === undefined || !templateStems(workload).includes(stemOf(claim) ?? '')) return true;
    return ordinals(configuration, workload).has(claim);
  };

  return {
    of({ namespace, name }, users, target) {
      const all = [{ kind: 'PersistentVolumeClaim', name }, ...users, ...(target ? [target] : [])];
      const keys = new Set(all.map((each) => workloadKey(namespace, each)));
      return [...keys]
        .flatMap((key) => (byTarget.get(key) ?? []).filter((each) => takes(each, key, name)))
        .sort((a, b) => Number(a.byHand) - Number(b.byHand));
    },
    mayBeFor: (namespace, kind) => kinds.has(`${namespace}/${kind}`),
  };
}
