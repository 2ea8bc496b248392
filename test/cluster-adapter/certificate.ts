/** Creates P-256 certificates, valid and invalid, without an external tool. */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const ecdsaWithSha256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
const sha256Bit = Buffer.of(0);

export interface Issued extends Certificate {
  readonly name: string;
  readonly privateKey: KeyObject;
}

export interface CertificateOptions {
  readonly name?: string;
  /** IP address 127.0.0.1 and host names; empty for a certificate that names no host. */
  readonly hosts?: readonly string[];
  /** Until it expires; negative for an expired one. */
  readonly days?: number;
  /** Default: itself. */
  readonly issuer?: Issued;
  /** Whether it may sign others. */
  readonly authority?: boolean;
}

/** Valid for 127.0.0.1, or for `host`. `days` until it expires; negative for an expired one. */
export function selfSigned(options: { name?: string; host?: string; days?: number } = {}): Certificate {
  const { name, host = '127.0.0.1', days } = options;
  return certificate({
    ...(name !== undefined && { name }),
    ...(days !== undefined && { days }),
    hosts: [host],
  });
}

export function certificate(options: CertificateOptions = {}): Issued {
  const { name = 'test', hosts = ['127.0.0.1'], days = 1, issuer, authority = true } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const end = Date.now() + days * 86_400_000;
  const names = hosts.map((host) =>
    host === '127.0.0.1' ? der(0x87, Buffer.of(127, 0, 0, 1)) : der(0x82, Buffer.from(host)),
  );
  const alternatives = der(0x30, Buffer.from('0603551d11', 'hex'), der(0x04, der(0x30, ...names)));
  const constraints = der(
    0x30,
    Buffer.from('0603551d130101ff', 'hex'),
    der(0x04, authority ? der(0x30, der(0x01, Buffer.of(0xff))) : der(0x30)),
  );
  const extensions = der(0x30, ...(names.length > 0 ? [alternatives] : []), constraints);
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, randomBytes(8).fill(1, 0, 1)),
    ecdsaWithSha256,
    distinguishedName(issuer?.name ?? name),
    der(0x30, time(end - 10 * 86_400_000), time(end)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = der(0x03, sha256Bit, sign('sha256', body, issuer?.privateKey ?? privateKey));
  const pem = der(0x30, body, ecdsaWithSha256, signature)
    .toString('base64')
    .replace(/.{64}(?!$)/g, '$&\n');
  const key = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  return {
    ...{ name, privateKey },
    cert: `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}

function distinguishedName(name: string): Buffer {
  return der(0x30, der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(name)))));
}

function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replace(/\.\d+|[-:T]/g, '');
  return der(0x17, Buffer.from(text.slice(2)));
}

function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}
