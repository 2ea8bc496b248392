/**
 * The place of a real node: namespaces of its own (`enter.sh`), so that its changes to mounts, addresses,
 * firewall rules and processes do not affect the machine, and disappear with the namespaces.
 */
import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** All paths and addresses are those inside the namespaces. */
export interface Place {
  readonly directory: string;
  /** Directory in which `makeImages` built the images. */
  readonly layouts: string;
  /** Its own control group, in every hierarchy. */
  readonly cgroup: string;
  readonly bridge: string;
  /** Address of the node, in `podRange`. */
  readonly address: string;
  readonly podRange: string;
  readonly networkPlugins: string;
  readonly registryAddress: string;
  /** Directory of the registry's images. */
  readonly images: string;
  /** Directory of volumes and snapshots. `btrfs`: its file system supports snapshots. */
  readonly volumes: string;
  readonly btrfs: boolean;
  readonly containerd: string;
  readonly kubelet: string;
}

const [address, podRange, bridge] = ['10.244.0.1', '10.244.0.0/24', 'pods'];
const networkPlugins = ['/usr/lib/cni', '/opt/cni/bin'];
const run = promisify(execFile);

/** Resolves with the reason why no real node can run on this machine, or undefined if it can. */
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
    return 'this machine does not allow new namespaces';
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
 * Resolves with the command to spawn in order to run `command` in namespaces of its own; everything ends when
 * its standard input ends. `directory` must be empty; `layouts` contains the images that `makeImages` built.
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

/** Resolves with the place that this process runs in, or undefined if it runs in none. */
export async function currentPlace(): Promise<Place | undefined> {
  const { NODE_DIRECTORY: directory, NODE_LAYOUTS: layouts, NODE_CGROUP: cgroup } = process.env;
  if (directory === undefined || layouts === undefined || cgroup === undefined) return undefined;
  const plugins = await findNetworkPlugins();
  if (plugins === undefined) throw new Error('the CNI plugins are missing');
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

/** Resolves with the path of a statically linked busybox, if there is one. */
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
