/**
 * Where a real node can run: namespaces of its own (`enter.sh`), so that nothing that it does to mounts, addresses,
 * firewall rules and processes reaches the machine, and everything is gone when they are.
 */
import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Inside the namespaces. */
export interface Place {
  readonly directory: string;
  /** Where `makeImages` made the images. */
  readonly layouts: string;
  /** Its own control group, in every hierarchy. */
  readonly cgroup: string;
  readonly bridge: string;
  /** Of the node, in `podRange`. */
  readonly address: string;
  readonly podRange: string;
  readonly networkPlugins: string;
  readonly registryAddress: string;
  /** What the registry serves. */
  readonly images: string;
  /** Volumes and snapshots; `btrfs`: the file system that they are on can snapshot. */
  readonly volumes: string;
  readonly btrfs: boolean;
  readonly containerd: string;
  readonly kubelet: string;
}

const [address, podRange, bridge] = ['10.244.0.1', '10.244.0.0/24', 'pods'];
const networkPlugins = ['/usr/lib/cni', '/opt/cni/bin'];
const run = promisify(execFile);

/** Why no real node can run on this machine, in words; undefined: it can. */
export async function whyNoNode(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  const missing: string[] = [];
  for (const program of ['unshare', 'ip', 'mount', 'awk', 'runc', 'iptables']) {
    if (!(await isOnPath(program))) missing.push(program);
  }
  if ((await findNetworkPlugins()) === undefined) missing.push('CNI plugins');
  if ((await findBusybox()) === undefined) missing.push('a static busybox');
  if (missing.length > 0) return `it needs ${missing.join(', ')} (Debian: ${debianPackages})`;
  try {
    await run('unshare', ['--mount', '--net', '--ipc', '--pid', '--fork', '--mount-proc', 'true']);
  } catch {
    return 'this machine makes no namespaces';
  }
  return undefined;
}

const debianPackages = 'runc iptables iproute2 containernetworking-plugins busybox-static btrfs-progs';

export interface Inside {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * What has to be spawned to run `command` in namespaces of its own; when its standard input ends, all of it ends.
 * `directory` is empty, `layouts` where `makeImages` made the images.
 */
export async function enter(
  { directory, layouts }: { readonly directory: string; readonly layouts: string },
  command: string,
  args: readonly string[],
): Promise<Inside> {
  const btrfs = await isOnPath('mkfs.btrfs');
  return {
    command: 'sh',
    args: [join(import.meta.dirname, 'enter.sh'), directory, command, ...args],
    environment: {
      NODE_DIRECTORY: directory,
      NODE_LAYOUTS: layouts,
      NODE_BRIDGE: bridge,
      NODE_ADDRESS: address,
      NODE_POD_RANGE: podRange,
      NODE_FILE_SYSTEM: btrfs ? 'btrfs' : '',
      TMPDIR: directory,
    },
  };
}

/** The namespaces that this process is in; undefined: it is in none of ours. */
export async function currentPlace(): Promise<Place | undefined> {
  const { NODE_DIRECTORY: directory, NODE_LAYOUTS: layouts, NODE_CGROUP: cgroup } = process.env;
  if (directory === undefined || layouts === undefined || cgroup === undefined) return undefined;
  const plugins = await findNetworkPlugins();
  if (plugins === undefined) throw new Error('the CNI plugins are gone');
  return {
    ...{ directory, layouts, cgroup, bridge, address, podRange },
    networkPlugins: plugins,
    registryAddress: '127.0.0.1:5000',
    images: join(directory, 'images'),
    volumes: join(directory, 'volumes'),
    btrfs: process.env['NODE_FILE_SYSTEM'] === 'btrfs',
    containerd: join(directory, 'containerd'),
    kubelet: join(directory, 'kubelet'),
  };
}

/** A busybox that needs no libraries. */
export async function findBusybox(): Promise<string | undefined> {
  const path = await firstThatIs(['/bin/busybox', '/usr/bin/busybox']);
  if (path === undefined) return undefined;
  // ldd fails for a program that is not dynamically linked.
  return run('ldd', [path]).then(
    () => undefined,
    () => path,
  );
}

async function findNetworkPlugins(): Promise<string | undefined> {
  for (const directory of networkPlugins) {
    const names = await readdir(directory).catch((): string[] => []);
    if (['bridge', 'host-local', 'loopback', 'portmap'].every((name) => names.includes(name)))
      return directory;
  }
  return undefined;
}

async function isOnPath(program: string): Promise<boolean> {
  const directories = (process.env['PATH'] ?? '').split(':');
  return (await firstThatIs(directories.map((directory) => join(directory, program)))) !== undefined;
}

async function firstThatIs(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
