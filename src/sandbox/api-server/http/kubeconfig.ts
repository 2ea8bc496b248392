/** The file that lets a client in. */
import { writeFile } from 'node:fs/promises';

/** Readable by its owner only: who has the token may run commands on this machine. */
export async function writeKubeconfig(
  path: string,
  {
    url,
    certificate,
    token,
    namespace = 'default',
  }: { url: string; certificate: string; token: string; namespace?: string },
): Promise<void> {
  const text = `apiVersion: v1
kind: Config
current-context: sandbox
contexts:
- name: sandbox
  context: {cluster: sandbox, user: sandbox, namespace: ${namespace}}
clusters:
- name: sandbox
  cluster:
    server: ${url}
    certificate-authority-data: ${Buffer.from(certificate).toString('base64')}
users:
- name: sandbox
  user:
    token: ${token}
`;
  await writeFile(path, text, { mode: 0o600 });
}
