/**
 * Finds the kubeconfig: `--kubeconfig`, $KUBECONFIG, `~/.kube/config`, or the service account of the pod that
 * this program runs in.
 */
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { StashError } from '#src/errors.ts';

import type { ConnectionFlags } from './connection.ts';
import { decodeText } from './decode-text.ts';
import { mergeKubeconfigs, parseKubeconfig, unreadable, type Kubeconfig } from './kubeconfig.ts';
import { systemReason } from './system-reason.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Resolves with undefined if the file does not exist; rejects with node:fs' error if it cannot be read. */
export type ReadText = (path: string) => Promise<string | undefined>;

const readErrors: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTTEXT: 'it is neither UTF-8 nor UTF-16',
};

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

export const readTextFile: ReadText = async (path) => {
  try {
    return decodeText(await readFile(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/**
 * With `--server`, no file is needed.
 * @throws StashError `precondition` if there is no kubeconfig, if one cannot be read, or if the environment could give the
 * token of the pod away; `usage` if the flags would send it to a server that is not verified as that of its cluster
 */
export async function findKubeconfig(
  flags: ConnectionFlags,
  env: Environment,
  read: ReadText = readTextFile,
): Promise<Kubeconfig> {
  const { kubeconfig: flag, server } = flags;
  const paths = kubeconfigPaths(flag, env);
  const configs = await Promise.all(paths.map((path) => readKubeconfig(path, read)));
  const found = configs.filter((config) => config !== undefined);
  if (flag !== undefined && found.length === 0) throw unreadable(flag, 'no such file');
  const config = mergeKubeconfigs(found);
  if (config.contexts.size > 0 || config.clusters.size > 0) return config;
  if (server !== undefined) return config;
  const inCluster = await inClusterConfig(env, read);
  if (inCluster) {
    checkVerified(flags);
    checkVariables(env);
    return inCluster;
  }
  throw new StashError('precondition', `no kubeconfig: ${describe(paths, found.length)}`, {
    hint: 'specify one with --kubeconfig FILE or $KUBECONFIG, or start a local one:\nkubectl stash sandbox',
  });
}

/** A server that the pod's own certificate does not verify may be another one, which would get the token. */
function checkVerified({
  token,
  insecureSkipTlsVerify,
  certificateAuthority,
  tlsServerName,
}: ConnectionFlags): void {
  const changed = insecureSkipTlsVerify ?? certificateAuthority ?? tlsServerName;
  if (token !== undefined || changed === undefined || changed === false) return;
  throw new StashError(
    'usage',
    "the token of the pod's service account is sent only to the server that the pod's own certificate verifies",
    { hint: 'leave out the flags for TLS, or specify a user with --token or --kubeconfig' },
  );
}

/** Variables by which Node prints the headers of requests, or accepts any certificate. The packaged program reads them. */
const givesAway = ['NODE_DEBUG', 'NODE_TLS_REJECT_UNAUTHORIZED'];

function checkVariables(env: Environment): void {
  const name = givesAway.find((each) => (env[each] ?? '') !== '');
  if (name === undefined) return;
  throw new StashError('precondition', `$${name} is set: it could give the token of the pod away`, {
    hint: 'remove it from the environment of the pod',
  });
}

function describe(paths: readonly string[], found: number): string {
  if (paths.length === 0) return 'neither $KUBECONFIG nor $HOME is set';
  const [is, does] = paths.length > 1 ? ['are', 'do'] : ['is', 'does'];
  const missing = `${does} not exist`;
  const why = found === 0 ? missing : `${is} empty${found < paths.length ? ` or ${missing}` : ''}`;
  return `${paths.join(', ')} ${why}`;
}

function kubeconfigPaths(flag: string | undefined, env: Environment): string[] {
  if (flag !== undefined) return [flag];
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length > 0) return listed;
  const home = env['HOME'] ?? env['USERPROFILE'];
  return home === undefined || home === '' ? [] : [join(home, '.kube', 'config')];
}

async function readKubeconfig(path: string, read: ReadText): Promise<Kubeconfig | undefined> {
  let text: string | undefined;
  try {
    text = await read(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw unreadable(path, readErrors[code] ?? systemReason(error));
  }
  return text === undefined ? undefined : parseKubeconfig(text, path);
}

async function inClusterConfig(env: Environment, read: ReadText): Promise<Kubeconfig | undefined> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (host === undefined || host === '') return undefined;
  const tokenFile = `${serviceAccount}/token`;
  if ((await read(tokenFile)) === undefined) return undefined;
  const namespace = env['POD_NAMESPACE'] || (await read(`${serviceAccount}/namespace`))?.trim();
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const name = 'in-cluster';
  return {
    currentContext: name,
    clusters: new Map([
      [
        name,
        {
          server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
          'certificate-authority': `${serviceAccount}/ca.crt`,
        },
      ],
    ]),
    users: new Map([[`the pod's service account`, { tokenFile }]]),
    contexts: new Map([
      [name, { cluster: name, user: `the pod's service account`, ...(namespace ? { namespace } : {}) }],
    ]),
  };
}
