/** What is built from which Go module; the versions are in their go.mod files, except where they are stamped. */
import { fileURLToPath } from 'node:url';

export type Program =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl'
  | 'snapshot-controller'
  | 'csi-snapshotter'
  | 'csi-provisioner';

export interface GoModule {
  readonly name: string;
  /** Where go.mod is. */
  readonly directory: string;
  /** Program to the package of its main function. */
  readonly programs: Partial<Record<Program, string>>;
  /** Variables set at link time: a server that does not know its version breaks who reads it. */
  readonly stamps: Readonly<Record<string, string>>;
  /** What else is taken from modules: name to module and path in it. */
  readonly files: Readonly<Record<string, { readonly module: string; readonly path: string }>>;
}

const [major, minor, version] = ['1', '36', 'v1.36.3'];

export const sources: Readonly<Record<'kubernetes' | 'csi', GoModule>> = {
  kubernetes: {
    name: 'kubernetes',
    directory: fileURLToPath(new URL('kubernetes', import.meta.url)),
    programs: {
      etcd: 'go.etcd.io/etcd/server/v3',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
    stamps: Object.fromEntries(
      ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((variables) => [
        [`${variables}.gitVersion`, version],
        [`${variables}.gitMajor`, major],
        [`${variables}.gitMinor`, minor],
      ]),
    ),
    files: {},
  },
  csi: {
    name: 'csi',
    directory: fileURLToPath(new URL('csi', import.meta.url)),
    programs: {
      'snapshot-controller': 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller',
      'csi-snapshotter': 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter',
      'csi-provisioner': 'github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner',
    },
    stamps: {},
    files: {
      'snapshot-definitions': {
        module: 'github.com/kubernetes-csi/external-snapshotter/client/v8',
        path: 'config/crd',
      },
      'csi.proto': { module: 'github.com/container-storage-interface/spec', path: 'csi.proto' },
    },
  },
};
