/** The pod that gives access to the files of a restored claim. */
import type { Container, Named, OwnerReference, Pod, PodSpec, Volume } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import type { Component } from '#src/api/operator.ts';

import { holdsProgram } from './program-image.ts';

/** Where the pod has the restored volume, and the present one. */
export const restoredPath = '/stash/restored';
export const livePath = '/stash/live';
export const containerName = 'files' satisfies Component;

/** User of a pod whose workload names none; our image's own. */
const defaultUser = 65_532;

export interface FilesPod {
  readonly namespace: string;
  /** Left out if the API server is only asked whether it would accept the pod. */
  readonly owner?: OwnerReference | undefined;
  readonly image: string;
  /** Name of the temporary claim, which is the pod's too: no two commands share it. */
  readonly claim: string;
  readonly isBlock: boolean;
  /** Name of the present claim, which the pod mounts too; left out: it does not. */
  readonly live?: string | undefined;
  /** The pod spec of the workload, or of a pod that uses the claim; undefined if neither exists. */
  readonly workload: PodSpec | undefined;
  /** The name of the claim in that spec. */
  readonly liveClaim: string;
  /** Where a pod uses the present claim. `must`: the present claim can be mounted there only. */
  readonly node?: { readonly name: string; readonly must: boolean } | undefined;
  /** `--run-as-user`; left out: as the workload. */
  readonly user?: number | undefined;
}

interface Security {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly fsGroup?: number;
  readonly supplementalGroups?: readonly number[];
  readonly seLinuxOptions?: object;
}

/**
 * It mounts both volumes read-only, has no label of the workload, no token, and no right that pod security `restricted`
 * refuses, unless its user is root.
 */
export function buildFilesPod(wishes: FilesPod): Named<Pod> {
  const { namespace, owner, image, claim, isBlock, live, workload } = wishes;
  const { nodeSelector, tolerations, imagePullSecrets, schedulerName } = workload ?? {};
  const own = (workload?.securityContext ?? {}) as Security;
  const user = wishes.user ?? userOf(wishes) ?? own.runAsUser ?? defaultUser;
  const { runAsGroup, fsGroup, supplementalGroups, seLinuxOptions } = own;
  const affinity = affinityOf(wishes);
  const mounts = [
    ...(isBlock ? [] : [{ name: 'restored', mountPath: restoredPath, readOnly: true }]),
    ...(live === undefined ? [] : [{ name: 'live', mountPath: livePath, readOnly: true }]),
  ];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: claim,
      namespace,
      labels: { [label.managedBy]: managedBy, [label.component]: containerName },
      ...(owner && { ownerReferences: [owner] }),
    },
    spec: {
      ...(nodeSelector && { nodeSelector }),
      ...(affinity && { affinity }),
      ...(tolerations && { tolerations }),
      ...(imagePullSecrets && { imagePullSecrets }),
      ...(schedulerName !== undefined && { schedulerName }),
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 2,
      securityContext: {
        runAsUser: user,
        ...(user !== 0 && { runAsNonRoot: true }),
        ...(runAsGroup !== undefined && { runAsGroup }),
        ...(fsGroup !== undefined && { fsGroup, fsGroupChangePolicy: 'OnRootMismatch' }),
        ...(supplementalGroups && { supplementalGroups }),
        ...(seLinuxOptions && { seLinuxOptions }),
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: containerName,
          image,
          ...processOf(image),
          resources: { requests: { cpu: '10m', memory: '64Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            // Root reads the files of other users by this only.
            capabilities: { drop: ['ALL'], ...(user === 0 && { add: ['DAC_OVERRIDE'] }) },
          },
          ...(mounts.length > 0 && { volumeMounts: mounts }),
          ...(isBlock && { volumeDevices: [{ name: 'restored', devicePath: restoredPath }] }),
        },
      ],
      volumes: [
        { name: 'restored', persistentVolumeClaim: { claimName: claim } },
        ...(live === undefined ? [] : [liveVolume(live)]),
      ],
    },
  };
}

/** Mounted read-only for the kubelet too, which else would set the group of its files. */
function liveVolume(claimName: string): Volume {
  return { name: 'live', persistentVolumeClaim: { claimName, readOnly: true } };
}

/** What keeps the pod alive until it is deleted. */
function processOf(image: string): Pick<Container, 'command' | 'args'> {
  if (holdsProgram(image)) return { args: ['operator', 'keep-pod'] };
  return { command: ['sh', '-c', "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"] };
}

/** The user of the container that mounts the claim. */
function userOf({ workload, liveClaim }: FilesPod): number | undefined {
  const volumes = (workload?.volumes ?? [])
    .filter(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === liveClaim)
    .map(({ name }) => name);
  const containers = workload?.containers ?? [];
  const container =
    containers.find(({ volumeMounts, volumeDevices }) =>
      [...(volumeMounts ?? []), ...(volumeDevices ?? [])].some((mount) => volumes.includes(mount.name)),
    ) ?? containers[0];
  return (container?.securityContext as Security | undefined)?.runAsUser;
}

function affinityOf({ workload, node }: FilesPod): object | undefined {
  const { nodeAffinity } = (workload?.affinity ?? {}) as { readonly nodeAffinity?: object };
  if (node === undefined) return nodeAffinity && { nodeAffinity };
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.name] }] };
  if (node.must) {
    const required = { nodeSelectorTerms: [term] };
    return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
  }
  const preferred = [{ weight: 100, preference: term }];
  return { nodeAffinity: { ...nodeAffinity, preferredDuringSchedulingIgnoredDuringExecution: preferred } };
}
