/**
 * Runs containers of this program's own image as processes of this machine, with a kubeconfig for their
 * service account.
 */
import { mkdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

import type { Container, Pod, Stored } from '#src/api/kubernetes.ts';
import { imageRepository } from '#src/api/operator.ts';
import { writeKubeconfig } from '#src/sandbox/api-server/http/kubeconfig.ts';
import type { ServiceAccountName } from '#src/sandbox/api-server/tokens.ts';

import { expand } from './command-line.ts';
import { rewritePaths, type Mount } from './rewrite.ts';

export interface Access {
  /** `https://HOST:PORT` */
  readonly url: string;
  /** The server's certificate as PEM. */
  readonly certificate: string;
  readonly token: string;
}

export interface OwnProgram {
  /** The program and its first arguments on this machine. */
  readonly argv: readonly string[];
  /** The only image tag that is present. */
  readonly version: string;
  /** Resolves with the access of a pod with this account; called at each start of a container. */
  access(account: ServiceAccountName): Promise<Access>;
}

/** What is needed to start such a container once. */
export interface Launch {
  /** Program and first arguments on this machine; paths in them are not rewritten. */
  readonly program: readonly string[];
  readonly kubeconfig: string | undefined;
  /** Arguments as the container sees them: they may contain paths of its mounts. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Maps container ports to ports of this machine, which all pods share. */
  readonly ports: ReadonlyMap<number, number>;
}

export function isOwnImage(image: string | undefined): boolean {
  return image !== undefined && image.replace(/[:@][^/]*$/, '') === imageRepository;
}

/** Returns why the image cannot be pulled; undefined if it is present. */
export function pullFailure(image: string, { version }: OwnProgram): string | undefined {
  if (image === `${imageRepository}:${version}`) return undefined;
  const why = `failed to resolve reference "${image}": ${image}: not found`;
  return `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": ${why}`;
}

/** The command on this machine that runs a command in our image; undefined if that does not contain it: it has no shell either. */
export function ownCommand(
  program: OwnProgram,
  [first = '', ...others]: readonly string[],
  mounts: readonly Mount[],
): string[] | undefined {
  if (first !== `/${basename(imageRepository)}`) return undefined;
  return [...program.argv, ...others.map((argument) => rewritePaths(argument, mounts))];
}

/** Resolves with undefined if the container runs another program of the image, such as a shell. */
export async function prepareLaunch(
  program: OwnProgram,
  pod: Stored<Pod>,
  container: Container,
  directory: string,
): Promise<Launch | undefined> {
  const { command = [], args = [], env = [] } = container;
  const [first, ...others] = command;
  if (first !== undefined && basename(first) !== basename(imageRepository)) return undefined;
  const ports = new Map<number, number>();
  for (const { containerPort } of container.ports ?? []) ports.set(containerPort, await freePort());
  const values = new Map(env.map(({ name, value = '' }) => [name, value]));
  const here = (text: string): string => rewriteAddresses(expand(text, values), ports);
  const own = Object.fromEntries(env.map(({ name, value = '' }) => [name, here(value)]));
  return {
    program: program.argv,
    kubeconfig: await writeAccountKubeconfig(program, pod, directory, container.name),
    args: [...others, ...args].map(here),
    env: own,
    ports,
  };
}

/** Resolves with the path of a kubeconfig, which replaces the service account files of a container. */
async function writeAccountKubeconfig(
  program: OwnProgram,
  { metadata: { namespace = '' }, spec }: Stored<Pod>,
  directory: string,
  container: string,
): Promise<string | undefined> {
  if (spec.automountServiceAccountToken === false) return undefined;
  const access = await program.access({ name: spec.serviceAccountName ?? 'default', namespace });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${container}.kubeconfig`);
  await writeKubeconfig(path, { ...access, namespace });
  return path;
}

/** Replaces `:8080` and `0.0.0.0:8080` by the address of that container port on this machine. */
export function rewriteAddresses(text: string, ports: ReadonlyMap<number, number>): string {
  return text.replace(
    /(?<=^|[=,\s])(?:[\d.]+|\[[\da-f:]*\]|localhost|\*)?:(\d+)(?=$|[,\s])/g,
    (address, port: string) => {
      const here = ports.get(Number(port));
      return here === undefined ? address : `127.0.0.1:${here}`;
    },
  );
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
