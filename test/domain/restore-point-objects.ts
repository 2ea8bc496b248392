/** Snapshots and sessions as the API server returns them, for tests of restore points. */
import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { BackupSession, BackupSessionPhase } from '#src/api/stash.ts';
import type { SourceClaim } from '#src/domain/restore-points/source-claim.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';

export const foo: Target = { kind: 'Deployment', name: 'foo', namespace: 'demo' };

export const ready = { readyToUse: true, restoreSize: '1Gi' } as const;

/** The time `seconds` after 2024-11-24T06:00:00Z, as RFC 3339. */
export function at(seconds: number): string {
  return new Date(Date.UTC(2024, 10, 24, 6) + seconds * 1000).toISOString();
}

interface SnapshotOptions {
  readonly name?: string;
  readonly created?: string;
  readonly deleting?: boolean;
  readonly status?: VolumeSnapshot['status'];
  readonly className?: string;
  readonly namespace?: string;
  /** When the application resumed; left out if it was not quiesced. */
  readonly quietUntil?: string;
}

/** A snapshot made by other means: without labels and annotations. */
export function foreignSnapshot(claim: string, options: SnapshotOptions = {}): Stored<VolumeSnapshot> {
  const { name = `${claim}-by-hand`, created = at(0), deleting = false, namespace = 'demo' } = options;
  const { status = ready, className = 'csi' } = options;
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      resourceVersion: '1',
      creationTimestamp: created,
      ...(deleting && { deletionTimestamp: created }),
    },
    spec: { source: { persistentVolumeClaimName: claim }, volumeSnapshotClassName: className },
    status,
  };
}

/** A snapshot that a session of ours created. `session`: its name; its UID is `uid-<name>`. */
export function snapshotOf(
  session: string,
  claim: string,
  options: SnapshotOptions & {
    readonly claims?: readonly string[];
    readonly target?: Target;
    readonly source?: SourceClaim;
  } = {},
): Stored<VolumeSnapshot> {
  const {
    claims = [claim],
    target = foo,
    source = { storage: '1Gi', accessModes: ['ReadWriteOnce'] },
  } = options;
  const { name = `${claim}-${session.split('-').at(-1) ?? ''}`, quietUntil, ...rest } = options;
  const snapshot = foreignSnapshot(claim, { namespace: target.namespace, name, ...rest });
  return {
    ...snapshot,
    metadata: {
      ...snapshot.metadata,
      labels: { [label.invokerName]: 'deploy-foo', [label.backupSession]: session },
      annotations: {
        [annotation.sessionUid]: `uid-${session}`,
        [annotation.sessionName]: session,
        [annotation.sessionClaims]: JSON.stringify(claims),
        ...targetAnnotation(target),
        [annotation.sourceClaim]: JSON.stringify(source),
        ...(quietUntil !== undefined && { [annotation.cutBefore]: quietUntil }),
      },
    },
  };
}

/** With `claims` a session of ours; with `targets` one whose status lists its targets, as AppsCode's does. */
export function backupSession(
  name: string,
  phase: BackupSessionPhase | undefined,
  options: {
    readonly claims?: readonly string[];
    readonly created?: string;
    readonly targets?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly hosts?: readonly string[];
    }[];
  } = {},
): Stored<BackupSession> {
  const { claims, created = at(0), targets } = options;
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name,
      namespace: 'demo',
      uid: `uid-${name}`,
      resourceVersion: '1',
      creationTimestamp: created,
      ...(claims && {
        annotations: { ...targetAnnotation(foo), [annotation.sessionClaims]: JSON.stringify(claims) },
      }),
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'deploy-foo' } },
    status: {
      ...(phase && { phase }),
      ...(targets && {
        targets: targets.map(({ kind, name, hosts }) => ({
          ref: { apiVersion: 'apps/v1', kind, name },
          ...(hosts && { stats: hosts.map((hostname) => ({ hostname, phase: 'Succeeded' as const })) }),
        })),
      }),
    },
  };
}
