/** The kubeconfig that gives clients access to the sandbox. */
import { writeFile } from 'node:fs/promises';

import type { User } from '../tokens.ts';

export interface KubeconfigContent {
  readonly url: string;
  readonly certificate: string;
  /** Token of user and context `sandbox`. */
  readonly token: string;
  readonly namespace?: string;
  /** A user with a context of the same name, which is the current context. */
  readonly user?: { readonly token: string; readonly user: User } | undefined;
}

/**
 * Writes the file readable by its owner only: the token allows its bearer to run commands on this machine.
 */
export async function writeKubeconfig(
  path: string,
  { url, certificate, token, namespace = 'default', user }: KubeconfigContent,
): Promise<void> {
  const users = [
    ...(user === undefined ? [] : [{ name: user.user.username, token: user.token }]),
    { name: 'sandbox', token },
  ];
  const quoted = users.map((each) => ({ name: JSON.stringify(each.name), token: each.token }));
  const text = `apiVersion: v1
kind: Config
current-context: ${quoted[0]?.name ?? ''}
contexts:
${quoted.map(({ name }) => `- name: ${name}\n  context: {cluster: sandbox, user: ${name}, namespace: ${namespace}}\n`).join('')}clusters:
- name: sandbox
  cluster:
    server: ${url}
    certificate-authority-data: ${Buffer.from(certificate).toString('base64')}
users:
${quoted.map((each) => `- name: ${each.name}\n  user:\n    token: ${each.token}\n`).join('')}`;
  await writeFile(path, text, { mode: 0o600 });
}
