/** RestoreSessions that restore in place, in any state. */
import { stashCondition } from '#src/api/conditions.ts';
import type { ObjectMeta } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { formatRecord, type InPlaceRecord } from '#src/domain/in-place/record.ts';
import { withCondition } from '#src/domain/session/session-status.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';

export interface InPlaceChanges {
  readonly record?: Partial<InPlaceRecord>;
  /** The annotation as it is, malformed for example. */
  readonly written?: string;
  readonly phase?: NonNullable<RestoreSession['status']>['phase'];
  readonly conditions?: readonly (keyof typeof stashCondition)[];
  /** As in the annotation. */
  readonly holder?: string;
  readonly target?: Target;
  readonly metadata?: Partial<ObjectMeta>;
  /** The snapshot of the only claim template. */
  readonly snapshot?: string;
}

const of: Target = { kind: 'StatefulSet', name: 'db', namespace: 'demo' };

export const swapName = 'restore-sts-db';

export function inPlaceRecord(changes: Partial<InPlaceRecord> = {}): InPlaceRecord {
  return {
    v: 1,
    method: 'swap',
    stop: 'scale',
    volumesOf: swapName,
    claims: [{ name: 'data-db-0', uid: 'u', volume: 'pv-old', staged: 'data-db-0-stash-1' }],
    ...changes,
  };
}

export function inPlaceSession(changes: InPlaceChanges = {}) {
  const { record, written = formatRecord(inPlaceRecord(record)), phase = 'Running', holder } = changes;
  const { target = of, snapshot = 'data-1' } = changes;
  const now = new Date('2026-03-14T03:00:00Z');
  const conditions = (changes.conditions ?? []).reduce<ReturnType<typeof withCondition>>(
    (all, name) => withCondition(all, { ...stashCondition[name], message: name }, now),
    [],
  );
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: snapshot };
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: {
      name: swapName,
      namespace: target.namespace,
      ...changes.metadata,
      annotations: {
        ...targetAnnotation(target),
        [annotation.restoredFrom]: 'point',
        ...(holder !== undefined && { [annotation.executor]: holder }),
        [annotation.inPlace]: written,
        ...changes.metadata?.annotations,
      },
    },
    spec: {
      driver: 'VolumeSnapshotter',
      target: {
        volumeClaimTemplates: [
          {
            metadata: { name: 'data-db-0-stash-1' },
            spec: { accessModes: ['ReadWriteOnce'], dataSource },
          },
        ],
      },
    },
    status: { phase, conditions },
  } satisfies RestoreSession;
}
