/** Kubeconfigs for users with client certificates. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Authority } from './authority.ts';

export interface UserFiles {
  /** Resolves with the path of a user's kubeconfig, which is created on the first call. */
  kubeconfig(user: { name: string; groups?: readonly string[]; namespace?: string }): Promise<string>;
}

export function createUsers(directory: string, server: string, authority: Authority): UserFiles {
  const made = new Map<string, Promise<string>>();

  async function make(name: string, groups: readonly string[], namespace: string): Promise<string> {
    const { cert, key } = await authority.client(name, groups);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: name, namespace } }],
      clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(authority.cert) } }],
      users: [{ name, user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    };
    const path = join(directory, `${name.replaceAll(':', '-')}.${namespace}.kubeconfig`);
    await writeFile(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
    return path;
  }

  return {
    kubeconfig({ name, groups = [], namespace = 'default' }) {
      const key = `${name}/${namespace}`;
      const path = made.get(key) ?? make(name, groups, namespace);
      made.set(key, path);
      return path;
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
