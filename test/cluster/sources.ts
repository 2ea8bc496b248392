/** Which programs are built from which Go module. The versions are in their go.mod files, unless stamped. */
import { fileURLToPath } from 'node:url';

export type Program =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl'
  | 'snapshot-controller'
  | 'csi-snapshotter'
  | 'csi-provisioner'
  | NodeProgram;

/** Programs that only a real node needs. */
export type NodeProgram =
  'kubelet' | 'kube-proxy' | 'kube-scheduler' | 'containerd' | 'containerd-shim-runc-v2' | 'crane';

export interface GoModule {
  readonly name: string;
  /** Directory of go.mod. */
  readonly directory: string;
  /** Package of each program's main function. */
  readonly programs: Partial<Record<Program, string>>;
  /** Variables set at link time: clients fail if a server does not know its version. */
  readonly stamps: Readonly<Record<string, string>>;
  /** Other files from modules, by name: their module and path. */
  readonly files: Readonly<Record<string, { readonly module: string; readonly path: string }>>;
}

const [major, minor, version] = ['1', '36', 'v1.36.3'];

const kubernetes = {
  directory: fileURLToPath(new URL('kubernetes', import.meta.url)),
  stamps: Object.fromEntries(
    ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((variables) => [
      [`${variables}.gitVersion`, version],
      [`${variables}.gitMajor`, major],
      [`${variables}.gitMinor`, minor],
    ]),
  ),
};

export const sources: Readonly<Record<'kubernetes' | 'csi' | 'kubelet' | 'containerd', GoModule>> = {
  kubernetes: {
    ...kubernetes,
    name: 'kubernetes',
    programs: {
      etcd: 'go.etcd.io/etcd/server/v3',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
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
  kubelet: {
    ...kubernetes,
    name: 'kubelet',
    programs: {
      kubelet: 'k8s.io/kubernetes/cmd/kubelet',
      'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
      'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
    },
    files: {
      'registration.proto': { module: 'k8s.io/kubelet', path: 'pkg/apis/pluginregistration/v1/api.proto' },
    },
  },
  containerd: {
    name: 'containerd',
    directory: fileURLToPath(new URL('node', import.meta.url)),
    programs: {
      containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
      'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
      crane: 'github.com/google/go-containerregistry/cmd/crane',
    },
    stamps: { 'github.com/containerd/containerd/v2/version.Version': '2.3.7' },
    files: {},
  },
};
