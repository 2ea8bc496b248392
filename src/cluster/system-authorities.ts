/** The authorities that this machine trusts, found as kubectl finds them. Node brings its own list instead. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

import type { Environment } from './find-kubeconfig.ts';

/** One each of Debian, Fedora, openSUSE, CentOS and Alpine. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const directories = ['/etc/ssl/certs', '/etc/pki/tls/certs'];

/**
 * Resolves with PEM certificates: on Linux those of $SSL_CERT_FILE or the distribution's bundle, and of $SSL_CERT_DIR
 * or the distribution's directories; elsewhere those of the system's store.
 */
export async function systemAuthorities(env: Environment, platform = process.platform): Promise<string[]> {
  if (platform === 'darwin' || platform === 'win32') return getCACertificates('system');
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: list } = env;
  const [bundle, ...folders] = await Promise.all([
    firstOf(file ? [file] : bundles),
    ...(list ? list.split(':') : directories).map(certificatesIn),
  ]);
  return [...new Set([bundle, ...folders].flatMap(certificates))];
}

async function firstOf(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const text = await textOf(path);
    if (text !== '') return text;
  }
  return '';
}

async function certificatesIn(directory: string): Promise<string> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const texts = entries.map(async (entry) => {
    const path = join(directory, entry.name);
    // OpenSSL names a certificate a second time, by a link beside it.
    const isSecondName = entry.isSymbolicLink() && !(await readlink(path).catch(() => '/')).includes('/');
    return isSecondName ? '' : textOf(path);
  });
  return (await Promise.all(texts)).join('\n');
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}

function certificates(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
