/** The programs of a node: their configuration, their flags, and a check that each one is ready. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CertificateFiles } from '../authority.ts';
import { answersOk, flags, says, type Component } from '../component.ts';
import type { Place } from './place.ts';

/** The registry that serves every image that containerd pulls. */
export function registry({ registryAddress, images }: Place): Component {
  return {
    args: ['registry', 'serve', '--address', registryAddress, '--disk', images],
    isReady: () => answersOk({ protocol: 'http:', ...hostAndPort(registryAddress) }, '/v2/'),
  };
}

/** `sandboxImage` is the pause image, which holds a pod's namespaces. */
export async function containerd(place: Place, sandboxImage: string): Promise<Component> {
  const { containerd: directory, registryAddress } = place;
  const socket = containerdSocket(place);
  const mirrors = join(directory, 'mirrors');
  const networks = join(directory, 'networks');
  for (const path of [join(mirrors, '_default'), networks]) await mkdir(path, { recursive: true });
  const mirror = `[host."http://${registryAddress}"]\n  capabilities = ["pull", "resolve"]\n`;
  await writeFile(join(mirrors, '_default', 'hosts.toml'), mirror);
  await writeFile(join(networks, '10-bridge.conflist'), JSON.stringify(network(place), undefined, 2));
  const file = join(directory, 'config.toml');
  await writeFile(
    file,
    [
      'version = 3',
      `root = "${join(directory, 'root')}"`,
      `state = "${join(directory, 'state')}"`,
      '[grpc]',
      `address = "${socket}"`,
      "[plugins.'io.containerd.cri.v1.images'.pinned_images]",
      `sandbox = "${sandboxImage}"`,
      "[plugins.'io.containerd.cri.v1.images'.registry]",
      `config_path = "${mirrors}"`,
      "[plugins.'io.containerd.cri.v1.runtime']",
      // Many containers lack the capability to lower the OOM score.
      'restrict_oom_score_adj = true',
      "[plugins.'io.containerd.cri.v1.runtime'.cni]",
      `bin_dirs = ["${place.networkPlugins}"]`,
      `conf_dir = "${networks}"`,
      "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]",
      'runtime_type = "io.containerd.runc.v2"',
      "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]",
      'SystemdCgroup = false',
      '',
    ].join('\n'),
  );
  return { args: ['--config', file], isReady: says('containerd successfully booted') };
}

export function containerdSocket({ containerd }: Place): string {
  return join(containerd, 'containerd.sock');
}

function network({ bridge, address, podRange }: Place): object {
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge,
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: podRange, gateway: address }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

export interface KubeletOptions {
  readonly kubeconfig: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly healthPort: number;
  readonly caFile: string;
  readonly serving: CertificateFiles;
}

export async function kubelet(place: Place, options: KubeletOptions): Promise<Component> {
  const { healthPort, name, labels, serving } = options;
  const file = join(place.directory, 'kubelet.json');
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      address: place.address,
      healthzBindAddress: '127.0.0.1',
      healthzPort: healthPort,
      readOnlyPort: 0,
      tlsCertFile: serving.certFile,
      tlsPrivateKeyFile: serving.keyFile,
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: options.caFile },
      },
      authorization: { mode: 'Webhook' },
      cgroupDriver: 'cgroupfs',
      cgroupRoot: `/${place.cgroup}`,
      failCgroupV1: false,
      failSwapOn: false,
      oomScoreAdj: 0,
      containerRuntimeEndpoint: `unix://${containerdSocket(place)}`,
      // A kubelet requires an address. No DNS server runs there, so our pods use IP addresses.
      clusterDNS: ['10.0.0.10'],
      podLogsDir: join(place.directory, 'pod-logs'),
      volumePluginDir: join(place.directory, 'volume-plugins'),
      evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
      imageGCHighThresholdPercent: 99,
      imageGCLowThresholdPercent: 98,
    }),
  );
  return {
    args: flags({
      config: file,
      kubeconfig: options.kubeconfig,
      'root-dir': place.kubelet,
      'hostname-override': name,
      'node-ip': place.address,
      'node-labels': Object.entries(labels)
        .map(([label, value]) => `${label}=${value}`)
        .join(','),
    }),
    isReady: async () =>
      (await answersOk({ protocol: 'http:', host: '127.0.0.1', port: healthPort }, '/healthz')) &&
      (await access(join(place.kubelet, 'plugins_registry')).then(
        () => true,
        () => false,
      )),
  };
}

export function kubeProxy(
  { podRange, address }: Place,
  options: { kubeconfig: string; name: string; healthPort: number; metricsPort: number },
): Component {
  return {
    args: flags({
      kubeconfig: options.kubeconfig,
      'hostname-override': options.name,
      'proxy-mode': 'iptables',
      'cluster-cidr': podRange,
      'bind-address': address,
      'healthz-bind-address': `127.0.0.1:${options.healthPort}`,
      'metrics-bind-address': `127.0.0.1:${options.metricsPort}`,
      // Do not change the kernel's limits.
      'conntrack-max-per-core': '0',
      'conntrack-tcp-timeout-established': '0',
      'conntrack-tcp-timeout-close-wait': '0',
    }),
    isReady: () => answersOk({ protocol: 'http:', host: '127.0.0.1', port: options.healthPort }, '/healthz'),
  };
}

function hostAndPort(address: string): { host: string; port: number } {
  const [host = '', port] = address.split(':');
  return { host, port: Number(port) };
}
