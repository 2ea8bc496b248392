/**
 * Which programs are built, and from which Go packages. Those of a cluster are built from one Go module, whose go.mod
 * has the versions: programs that share libraries compile them once. Tools that work on files and on servers of any
 * version have a module of their own, which may use newer libraries.
 */
import { fileURLToPath } from 'node:url';

/** Programs of a control plane, with a CSI driver's sidecars. */
export type ControlPlaneProgram =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl'
  | 'snapshot-controller'
  | 'csi-snapshotter'
  | 'csi-provisioner';

/** Programs that only a real node needs. */
export type NodeProgram =
  'kubelet' | 'kube-proxy' | 'kube-scheduler' | 'containerd' | 'containerd-shim-runc-v2' | 'crane';

export type Tool = 'actionlint' | 'helm';

export type Program = ControlPlaneProgram | NodeProgram | Tool;

/** Programs and files that are built, and kept, together. */
export interface Part {
  readonly name: string;
  /** Directory of go.mod. */
  readonly module: string;
  /** Variables set at link time. */
  readonly stamps: Readonly<Record<string, string>>;
  /** Package of each program's main function. */
  readonly programs: Partial<Record<Program, string>>;
  /** Other files from modules, by name: their module and path. */
  readonly files: Readonly<Record<string, { readonly module: string; readonly path: string }>>;
}

const module = fileURLToPath(new URL('programs', import.meta.url));

const [major, minor, version] = ['1', '36', 'v1.36.3'];

/** Clients fail if a server does not know its version. */
const stamps: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((variables) => [
      [`${variables}.gitVersion`, version],
      [`${variables}.gitMajor`, major],
      [`${variables}.gitMinor`, minor],
    ]),
  ),
  'github.com/containerd/containerd/v2/version.Version': '2.3.7',
};

const snapshotter = 'github.com/kubernetes-csi/external-snapshotter';

export const controlPlane: Part = {
  name: 'control-plane',
  module,
  stamps,
  programs: {
    etcd: 'go.etcd.io/etcd/server/v3',
    'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
    'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
    kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    'snapshot-controller': `${snapshotter}/v8/cmd/snapshot-controller`,
    'csi-snapshotter': `${snapshotter}/v8/cmd/csi-snapshotter`,
    'csi-provisioner': 'github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner',
  },
  files: {
    'snapshot-definitions': { module: `${snapshotter}/client/v8`, path: 'config/crd' },
    'csi.proto': { module: 'github.com/container-storage-interface/spec', path: 'csi.proto' },
  },
};

export const node: Part = {
  name: 'node',
  module,
  stamps,
  programs: {
    kubelet: 'k8s.io/kubernetes/cmd/kubelet',
    'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
    'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
    containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
    'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
    crane: 'github.com/google/go-containerregistry/cmd/crane',
  },
  files: {
    'registration.proto': { module: 'k8s.io/kubelet', path: 'pkg/apis/pluginregistration/v1/api.proto' },
  },
};

export const tools: Part = {
  name: 'tools',
  module: fileURLToPath(new URL('../go-tools', import.meta.url)),
  stamps: {},
  programs: {
    actionlint: 'github.com/rhysd/actionlint/cmd/actionlint',
    helm: 'helm.sh/helm/v4/cmd/helm',
  },
  files: {},
};
