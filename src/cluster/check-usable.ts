/** PURE. Refuses the entries of a kubeconfig that contradict themselves, as kubectl does. */
import { StashError } from '#src/errors.ts';

import type { ClusterEntry, ExecEntry, UserEntry } from './kubeconfig.ts';

const pluginVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** What kubectl names in place of the providers that it no longer has. */
const successors: Readonly<Record<string, string>> = { gcp: 'gke-gcloud-auth-plugin', azure: 'kubelogin' };

/** @throws StashError `precondition` for the first contradiction */
export function checkUsable(cluster: ClusterEntry, user: UserEntry, userName: string): void {
  const wrong =
    wrongCluster(cluster) ?? wrongUser(user) ?? (user.exec && wrongPlugin(user.exec)) ?? wrongProvider(user);
  if (wrong === undefined) return;
  const [what, hint = 'kubectl config view --minify'] = wrong;
  throw new StashError(
    'precondition',
    `the kubeconfig is not usable: ${what.replace('USER', `user "${userName}"`)}`,
    {
      hint,
    },
  );
}

type Wrong = readonly [what: string, hint?: string] | undefined;

function wrongCluster(cluster: ClusterEntry): Wrong {
  const authority = cluster['certificate-authority'] ?? cluster['certificate-authority-data'];
  if (cluster['insecure-skip-tls-verify'] === true && authority !== undefined) {
    return ['insecure-skip-tls-verify and a certificate authority are mutually exclusive'];
  }
  const proxy = cluster['proxy-url'];
  if (proxy !== undefined && !(/^(https?|socks5):\/\//i.test(proxy) && URL.canParse(proxy))) {
    return ['proxy-url must begin with http://, https:// or socks5://'];
  }
  return undefined;
}

function wrongUser(user: UserEntry): Wrong {
  const hasPassword = user.username !== undefined || user.password !== undefined;
  if (user.token !== undefined && hasPassword) return ['USER has a token and a password'];
  const hasCertificate = (user['client-certificate'] ?? user['client-certificate-data']) !== undefined;
  const hasKey = (user['client-key'] ?? user['client-key-data']) !== undefined;
  if (hasCertificate && !hasKey) return ['USER has a client certificate, but no client-key'];
  return undefined;
}

function wrongPlugin({ apiVersion, command, env = [], interactiveMode }: ExecEntry): Wrong {
  if (command === undefined) return ['the credential plugin of USER has no command'];
  if (apiVersion === undefined) return ['the credential plugin of USER has no apiVersion'];
  if (!pluginVersions.includes(apiVersion)) {
    return [
      `the credential plugin of USER has apiVersion ${apiVersion}`,
      `use ${pluginVersions.join(' or ')}`,
    ];
  }
  if (env.some(({ name = '' }) => name === ''))
    return ['the credential plugin of USER has a variable without a name'];
  const mode = interactiveMode ?? (apiVersion.endsWith('/v1beta1') ? 'IfAvailable' : undefined);
  if (mode === undefined || !['Never', 'IfAvailable', 'Always'].includes(mode)) {
    return ['interactiveMode of the credential plugin of USER must be Never, IfAvailable or Always'];
  }
  return undefined;
}

function wrongProvider({ 'auth-provider': provider, exec }: UserEntry): Wrong {
  if (provider === undefined) return undefined;
  if (exec !== undefined) return ['USER has an auth-provider and a credential plugin'];
  const { name = '', config = {} } = provider;
  const successor = successors[name];
  if (successor !== undefined) {
    return [`the auth-provider ${name} of USER no longer exists`, `use the credential plugin ${successor}`];
  }
  if (name !== 'oidc') return [`USER has an auth-provider of no known name: "${name}"`];
  const missing = ['idp-issuer-url', 'client-id'].find((field) => (config[field] ?? '') === '');
  return missing === undefined ? undefined : [`the auth-provider of USER has no ${missing}`];
}
