/** The cluster's certificate authority and the certificates that it has signed, as files. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { issueCertificate, type Certificate } from '#src/sandbox/api-server/http/x509.ts';

/** The API server's user name towards a kubelet. */
export const kubeletClient = 'kube-apiserver-kubelet-client';

export interface Authority {
  /** PEM file of the authority's certificate. */
  readonly file: string;
  readonly cert: string;
  /**
   * Issues a certificate for the loopback address and other IPv4 addresses; writes `<name>.crt` and
   * `<name>.key`.
   */
  server(name: string, addresses?: readonly string[]): Promise<CertificateFiles>;
  client(name: string, groups?: readonly string[]): Promise<CertificateFiles>;
}

export interface CertificateFiles extends Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export async function createAuthority(directory: string, now: Date): Promise<Authority> {
  const commonName = 'kubectl-stash test cluster';
  const own = issueCertificate({ commonName, usages: [], isAuthority: true, now });
  const file = join(directory, 'ca.crt');
  await writeFile(file, own.cert);
  const issuer = { commonName, ...own };

  async function write(name: string, certificate: Certificate): Promise<CertificateFiles> {
    const path = join(directory, name.replaceAll(':', '-'));
    const [certFile, keyFile] = [`${path}.crt`, `${path}.key`];
    await writeFile(certFile, certificate.cert);
    await writeFile(keyFile, certificate.key, { mode: 0o600 });
    return { ...certificate, certFile, keyFile };
  }

  return {
    file,
    cert: own.cert,
    // etcd uses its server certificate as a client certificate, too.
    server: (name, addresses = []) =>
      write(
        name,
        issueCertificate({
          ...{ commonName: name, usages: ['server', 'client'], issuer, now },
          ...{ isLoopback: true, addresses },
        }),
      ),
    client: (name, organizations = []) =>
      write(name, issueCertificate({ commonName: name, organizations, usages: ['client'], issuer, now })),
  };
}
