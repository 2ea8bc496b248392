/** Builds the objects of a restore: session and claims. */
import type { Named, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation, label, managedBy, stashApiVersion } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';

import type { FlagWord } from '#src/domain/command-line.ts';
import { formatFlags } from './restore-flags.ts';
import { targetLabels } from '#src/domain/backup/build-backup.ts';
import { formatHolder, type Holder } from '#src/domain/session/holder.ts';
import { restoreSessionName } from '#src/domain/workload/names.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';

/**
 * The session names its workload by labels and an annotation. `target.ref` stays empty: if it named a workload, Stash
 * would restore with Restic. `restoredFrom` is the BackupSession whose snapshots the templates name; left out without
 * templates.
 */
export function buildRestoreSession(options: {
  target: Target;
  templates: readonly VolumeClaimTemplate[];
  restoredFrom?: string;
  /** The flags of the command line. Default: none. */
  flags?: readonly FlagWord[];
  at: Date;
  holder?: Holder | undefined;
  /** Further annotations of the session. */
  annotations?: Readonly<Record<string, string>>;
}): Named<RestoreSession> {
  const { target, templates, restoredFrom, flags = [], at, holder, annotations } = options;
  return {
    apiVersion: stashApiVersion,
    kind: 'RestoreSession',
    metadata: {
      name: restoreSessionName(target, at),
      namespace: target.namespace,
      labels: targetLabels(target),
      annotations: {
        ...targetAnnotation(target),
        ...(restoredFrom !== undefined && { [annotation.restoredFrom]: restoredFrom }),
        ...(flags.length > 0 && { [annotation.restoreFlags]: formatFlags(flags) }),
        ...(holder && { [annotation.executor]: formatHolder(holder) }),
        ...annotations,
      },
    },
    spec: { driver: 'VolumeSnapshotter', target: { replicas: 1, volumeClaimTemplates: [...templates] } },
  };
}

/** Builds the claim of one template. The template's labels override ours. */
export function buildClaim(
  session: Stored<RestoreSession>,
  template: VolumeClaimTemplate,
): Named<PersistentVolumeClaim> {
  const { name = '', labels, annotations } = template.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      ...(session.metadata.namespace !== undefined && { namespace: session.metadata.namespace }),
      labels: { ...workloadLabels(session), [label.managedBy]: managedBy, ...labels },
      annotations: { ...annotations, [annotation.restoreSessionUid]: session.metadata.uid },
    },
    spec: template.spec,
  };
}

function workloadLabels({ metadata: { labels = {} } }: RestoreSession): Record<string, string> {
  const ours = [label.targetKind, label.targetName, label.targetNamespace];
  return Object.fromEntries(Object.entries(labels).filter(([key]) => ours.some((name) => name === key)));
}
