/** The fields by which coverage goes, of objects that may be many and large. */
import type { KubernetesObject, Pod, PodSpec, Stored, Workload } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { isIgnored, wasBound } from './claim-marks.ts';
import { defined } from '#src/domain/defined.ts';
import { outline } from '#src/domain/outline.ts';

/** The marks by which `wasBound` and `isIgnored` go. */
export function trimToMarks(claim: Stored<KubernetesObject>): Stored<KubernetesObject> {
  const { apiVersion, kind, metadata } = outline(claim);
  const marks = {
    ...(wasBound(claim) && { [annotation.bindCompleted]: 'yes' }),
    ...(isIgnored(claim) && { [annotation.coverage]: 'ignore' }),
  };
  return { apiVersion, kind, metadata: { ...metadata, annotations: marks } };
}

export function trimWorkload(workload: Stored<Workload>): Stored<Workload> {
  const { replicas, ordinals, volumeClaimTemplates, template } = workload.spec;
  const wanted = workload.status?.['desiredNumberScheduled'];
  const { apiVersion, kind, metadata } = described(workload);
  const spec = defined({
    replicas,
    ordinals,
    template: { spec: withClaims(template.spec) },
    volumeClaimTemplates: volumeClaimTemplates?.map(({ metadata: { name = '' } }) => ({
      metadata: { name },
      spec: {},
    })),
  });
  const status = wanted === undefined ? undefined : { desiredNumberScheduled: wanted };
  return defined({ apiVersion, kind, metadata, spec, status });
}

export function trimPod(pod: Stored<Pod>): Stored<Pod> {
  const { apiVersion, kind, metadata } = described(pod);
  return { apiVersion, kind, metadata, spec: withClaims(pod.spec) };
}

export function trimSession(session: Stored<BackupSession>): Stored<BackupSession> {
  const { invoker } = session.spec;
  const { phase } = session.status ?? {};
  const { apiVersion, kind, metadata } = outline(session);
  return defined({ apiVersion, kind, metadata, spec: { invoker }, status: phase && { phase } });
}

/** With the labels and the controller. */
function described({ apiVersion, kind, metadata }: Stored<KubernetesObject>) {
  const { name, uid, resourceVersion, creationTimestamp, namespace, deletionTimestamp, labels } = metadata;
  const ownerReferences = metadata.ownerReferences?.filter(({ controller }) => controller);
  const identity = { name, uid, resourceVersion, creationTimestamp, namespace, deletionTimestamp };
  return { apiVersion, kind, metadata: defined({ ...identity, labels, ownerReferences }) };
}

function withClaims({ volumes = [] }: PodSpec): PodSpec {
  return {
    containers: [],
    volumes: volumes
      .filter(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral)
      .map(({ name, persistentVolumeClaim, ephemeral }) =>
        defined({
          name,
          persistentVolumeClaim,
          ephemeral: ephemeral && { volumeClaimTemplate: { spec: {} } },
        }),
      ),
  };
}
