/** The file that lets a client in. */
import { writeFile } from 'node:fs/promises';

import type { User } from '../tokens.ts';

export interface KubeconfigContent {
  readonly url: string;
  readonly certificate: string;
  /** Of user and context `sandbox`. */
  readonly token: string;
  readonly namespace?: string;
  /** Has a context of its own name, which is the current one. */
  readonly user?: { readonly token: string; readonly user: User } | undefined;
}

/** Readable by its owner only: who has the token may run commands on this machine. */
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
