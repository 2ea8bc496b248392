/** The fields by which coverage goes, of objects that may be many and large. */
import type {
  KubernetesObject,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  Stored,
  Workload,
} from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { isIgnored, wasBound } from './claim-marks.ts';
import { outline } from '#src/domain/outline.ts';
import { provisionerAnnotations } from '#src/domain/restore-points/claim-annotations.ts';

export function trimClaim(claim: Stored<PersistentVolumeClaim>): Stored<PersistentVolumeClaim> {
  const { spec, status } = claim;
  const { phase, capacity } = status ?? {};
  return {
    ...described(claim, [annotation.coverage, ...provisionerAnnotations]),
    spec: { ...(spec.resources && { resources: spec.resources }) },
    status: { ...(phase && { phase }), ...(capacity && { capacity }) },
  };
}

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
  const { spec, status } = workload;
  const { replicas, ordinals, volumeClaimTemplates } = spec;
  const wanted = status?.['desiredNumberScheduled'];
  return {
    ...described(workload),
    spec: {
      ...(replicas !== undefined && { replicas }),
      ...(ordinals && { ordinals }),
      template: { spec: withClaims(spec.template.spec) },
      ...(volumeClaimTemplates && {
        volumeClaimTemplates: volumeClaimTemplates.map(({ metadata: { name = '' } }) => ({
          metadata: { name },
          spec: {},
        })),
      }),
    },
    ...(wanted !== undefined && { status: { desiredNumberScheduled: wanted } }),
  };
}

export function trimPod(pod: Stored<Pod>): Stored<Pod> {
  return { ...described(pod), spec: withClaims(pod.spec) };
}

export function trimConfiguration(configuration: Stored<BackupConfiguration>): Stored<BackupConfiguration> {
  const { driver, schedule, paused, target, retentionPolicy } = configuration.spec;
  const { name, prune } = retentionPolicy;
  return {
    ...outline(configuration),
    spec: {
      ...(driver && { driver }),
      ...(schedule !== undefined && { schedule }),
      ...(paused !== undefined && { paused }),
      ...(target && {
        target: {
          ...(target.ref && { ref: target.ref }),
          ...(target.replicas !== undefined && { replicas: target.replicas }),
        },
      }),
      retentionPolicy: { name, prune },
    },
  };
}

export function trimSession(session: Stored<BackupSession>): Stored<BackupSession> {
  const { invoker } = session.spec;
  const { phase } = session.status ?? {};
  return { ...outline(session), spec: { invoker }, ...(phase && { status: { phase } }) };
}

function described<T extends KubernetesObject>(object: Stored<T>, kept: readonly string[] = []) {
  const { labels, annotations = {}, ownerReferences } = object.metadata;
  const { metadata, ...type } = outline(object);
  const read = kept.flatMap((key) => {
    const value = annotations[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    ...type,
    metadata: {
      ...metadata,
      ...(labels && { labels }),
      ...(read.length > 0 && { annotations: Object.fromEntries(read) }),
      ...(ownerReferences && { ownerReferences: ownerReferences.filter(({ controller }) => controller) }),
    },
  };
}

function withClaims({ volumes = [] }: PodSpec): PodSpec {
  return {
    containers: [],
    volumes: volumes
      .filter(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral)
      .map(({ name, persistentVolumeClaim, ephemeral }) => ({
        name,
        ...(persistentVolumeClaim && { persistentVolumeClaim }),
        ...(ephemeral && { ephemeral: { volumeClaimTemplate: { spec: {} } } }),
      })),
  };
}
