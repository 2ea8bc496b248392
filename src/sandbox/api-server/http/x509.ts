/** Issues P-256 certificates by writing DER directly: Node can sign, but not issue certificates. */
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** Key and certificate as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Issuer extends Certificate {
  readonly commonName: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads them as the user's groups, and the common name as the user's name. */
  readonly organizations?: readonly string[];
  readonly usages: readonly ('server' | 'client')[];
  /** Whether the certificate may sign others. */
  readonly isAuthority?: boolean;
  /** Makes it valid for the loopback address and `localhost`. */
  readonly isLoopback?: boolean;
  /** Further IPv4 addresses that it is valid for. */
  readonly addresses?: readonly string[];
  /** Default: self-signed. */
  readonly issuer?: Issuer;
  /** The certificate is valid from an hour before this time, for ten years. */
  readonly now: Date;
}

/** Returns a new key and its certificate, signed by the issuer. */
export function issueCertificate(request: CertificateRequest): Certificate {
  const { commonName, organizations, usages, isAuthority = false, issuer, now } = request;
  const { isLoopback = false, addresses = [] } = request;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = distinguishedName(commonName, organizations);
  const ecdsaWithSha256 = sequence(oid(1, 2, 840, 10045, 4, 3, 2));
  const yes = der(0x01, Buffer.from([0xff]));
  const extensions = [
    sequence(oid(2, 5, 29, 19), yes, octets(isAuthority ? sequence(yes) : sequence())),
    // keyUsage: digitalSignature, and keyCertSign for an authority.
    sequence(oid(2, 5, 29, 15), yes, octets(der(0x03, Buffer.from([0x02, isAuthority ? 0x84 : 0x80])))),
  ];
  if (usages.length > 0) {
    const purposes = usages.map((usage) => oid(1, 3, 6, 1, 5, 5, 7, 3, usage === 'server' ? 1 : 2));
    extensions.push(sequence(oid(2, 5, 29, 37), octets(sequence(...purposes))));
  }
  const names = [
    ...(isLoopback ? [der(0x82, Buffer.from('localhost')), address('127.0.0.1')] : []),
    ...addresses.map(address),
  ];
  if (names.length > 0) {
    extensions.push(sequence(oid(2, 5, 29, 17), octets(sequence(...names))));
  }
  const body = sequence(
    tagged(0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ecdsaWithSha256,
    issuer ? distinguishedName(issuer.commonName) : subject,
    sequence(time(now.getTime() - 3_600_000), time(now.getTime() + 10 * 365 * 86_400_000)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer ? createPrivateKey(issuer.key) : privateKey);
  const certificate = sequence(
    body,
    ecdsaWithSha256,
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: pem(certificate),
  };
}

function address(text: string): Buffer {
  return der(0x87, Buffer.from(text.split('.').map(Number)));
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function distinguishedName(commonName: string, organizations: readonly string[] = []): Buffer {
  const organization = (name: string) => set(sequence(oid(2, 5, 4, 10), der(0x0c, Buffer.from(name))));
  return sequence(
    ...organizations.map(organization),
    set(sequence(oid(2, 5, 4, 3), der(0x0c, Buffer.from(commonName)))),
  );
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function octets(content: Buffer): Buffer {
  return der(0x04, content);
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 + number, content);
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return der(0x18, Buffer.from(digits));
}

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = rest.flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}
