/** The programs of a control plane: their flags, and a check that each one is ready. */
import type { CertificateFiles } from './authority.ts';
import { answersOk, flags, says, type Component } from './component.ts';

/** `raised` lifts the clients' own rate limits; real clusters use the defaults. */
export type RateLimits = 'default' | 'raised';

const serviceRange = '10.0.0.0/24';
/** Address of the service "kubernetes". */
export const serviceAddress = '10.0.0.1';

export function etcd(options: {
  directory: string;
  clientPort: number;
  peerPort: number;
  caFile: string;
  certificate: CertificateFiles;
}): Component {
  const { directory, caFile, certificate } = options;
  const client = `https://127.0.0.1:${options.clientPort}`;
  const peer = `http://127.0.0.1:${options.peerPort}`;
  return {
    args: flags({
      'data-dir': directory,
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
      'cert-file': certificate.certFile,
      'key-file': certificate.keyFile,
      'trusted-ca-file': caFile,
      'client-cert-auth': 'true',
      'unsafe-no-fsync': 'true',
    }),
    isReady: says('ready to serve client requests'),
  };
}

export function apiServer(options: {
  port: number;
  /** Address at which pods reach the API server; undefined if it listens on the loopback address only. */
  nodeAddress: string | undefined;
  etcdPort: number;
  caFile: string;
  serving: CertificateFiles;
  etcdClient: CertificateFiles;
  kubeletClient: CertificateFiles;
  serviceAccountKeyFile: string;
  auditPolicyFile: string;
  auditLog: string;
  /** Certificate for health checks. */
  admin: CertificateFiles;
  ca: string;
}): Component {
  const { port, caFile, serving, etcdClient, kubeletClient, serviceAccountKeyFile, admin, ca } = options;
  return {
    args: flags({
      'etcd-servers': `https://127.0.0.1:${options.etcdPort}`,
      'etcd-cafile': caFile,
      'etcd-certfile': etcdClient.certFile,
      'etcd-keyfile': etcdClient.keyFile,
      ...(options.nodeAddress === undefined
        ? {
            'bind-address': '127.0.0.1',
            'advertise-address': '127.0.0.1',
            // The service "kubernetes" gets no endpoint: pods cannot reach the loopback address.
            'endpoint-reconciler-type': 'none',
          }
        : { 'bind-address': '0.0.0.0', 'advertise-address': options.nodeAddress }),
      'secure-port': String(port),
      'tls-cert-file': serving.certFile,
      'tls-private-key-file': serving.keyFile,
      'client-ca-file': caFile,
      'authorization-mode': 'Node,RBAC',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': serviceAccountKeyFile,
      'service-account-signing-key-file': serviceAccountKeyFile,
      'service-cluster-ip-range': serviceRange,
      // No aggregated API server exists, but the other programs look for this configuration.
      'requestheader-client-ca-file': caFile,
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-username-headers': 'X-Remote-User',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'kubelet-certificate-authority': caFile,
      'kubelet-client-certificate': kubeletClient.certFile,
      'kubelet-client-key': kubeletClient.keyFile,
      'kubelet-preferred-address-types': 'InternalIP',
      'audit-policy-file': options.auditPolicyFile,
      'audit-log-path': options.auditLog,
      // In MB: large enough to keep the log in one file, which request counts rely on.
      'audit-log-maxsize': '10000',
    }),
    isReady: () => answersOk({ port, ca, cert: admin.cert, key: admin.key }, '/readyz'),
  };
}

export function controllerManager(options: {
  port: number;
  kubeconfig: string;
  caFile: string;
  serving: CertificateFiles;
  ca: string;
  serviceAccountKeyFile: string;
  rateLimits: RateLimits;
  /** Whether nodes send heartbeats, and are marked lost without them. */
  hasHeartbeats: boolean;
}): Component {
  const { port, caFile } = options;
  return {
    args: flags({
      ...served(options),
      'root-ca-file': caFile,
      'service-account-private-key-file': options.serviceAccountKeyFile,
      'use-service-account-credentials': 'true',
      controllers: options.hasHeartbeats ? '*' : '*,-node-lifecycle-controller',
      // A quota of custom kinds that is created before their controller knows them is counted at the next sync only.
      'resource-quota-sync-period': '10s',
      ...limits(options.rateLimits),
    }),
    isReady: () => answersOk({ port, ca: options.ca }, '/healthz'),
  };
}

interface ServedOptions {
  readonly port: number;
  readonly kubeconfig: string;
  readonly serving: CertificateFiles;
}

export function scheduler(options: ServedOptions & { readonly ca: string }): Component {
  const { port, ca } = options;
  return { args: flags(served(options)), isReady: () => answersOk({ port, ca }, '/healthz') };
}

/**
 * Flags shared by the scheduler and the controller manager, which act as a user and serve on the loopback
 * address. Only one instance of each runs.
 */
function served({ port, kubeconfig, serving }: ServedOptions): Record<string, string> {
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'tls-cert-file': serving.certFile,
    'tls-private-key-file': serving.keyFile,
    'leader-elect': 'false',
  };
}

export function snapshotController(options: { kubeconfig: string; rateLimits: RateLimits }): Component {
  return {
    args: flags({
      kubeconfig: options.kubeconfig,
      'leader-election': 'false',
      'feature-gates': 'CSIVolumeGroupSnapshot=true',
      ...limits(options.rateLimits),
    }),
    isReady: says('Starting snapshot controller'),
  };
}

interface SidecarOptions {
  readonly kubeconfig: string;
  readonly socket: string;
  readonly rateLimits: RateLimits;
}

export function csiSnapshotter(options: SidecarOptions): Component {
  return {
    args: flags({ ...sidecar(options), 'feature-gates': 'CSIVolumeGroupSnapshot=true' }),
    isReady: says('Starting CSI snapshotter'),
  };
}

/** `topology`: a volume is accessible only on the node for which it is provisioned. */
export function csiProvisioner(options: SidecarOptions & { topology: boolean }): Component {
  return {
    args: flags({ ...sidecar(options), 'feature-gates': `Topology=${options.topology}` }),
    isReady: says('Started provisioner controller'),
  };
}

function sidecar({ kubeconfig, socket, rateLimits }: SidecarOptions): Record<string, string> {
  return {
    kubeconfig,
    'csi-address': socket,
    'leader-election': 'false',
    // For failed calls only; the default of five minutes would outlast every test.
    'retry-interval-max': '4s',
    ...limits(rateLimits),
  };
}

function limits(rateLimits: RateLimits): Record<string, string> {
  return rateLimits === 'raised' ? { 'kube-api-qps': '200', 'kube-api-burst': '400' } : {};
}
