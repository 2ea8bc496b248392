/** Creates self-signed P-256 certificates, valid and invalid, without an external tool. */
import { generateKeyPairSync, sign } from 'node:crypto';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const ecdsaWithSha256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
const sha256Bit = Buffer.of(0);

/** Valid for 127.0.0.1, or for `host`. `days` until it expires; negative for an expired one. */
export function selfSigned(options: { name?: string; host?: string; days?: number } = {}): Certificate {
  const { name = 'test', host, days = 1 } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const end = Date.now() + days * 86_400_000;
  const subject = der(
    0x30,
    der(0x31, der(0x30, Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from(name)))),
  );
  const address = host === undefined ? der(0x87, Buffer.of(127, 0, 0, 1)) : der(0x82, Buffer.from(host));
  const extensions = der(
    0x30,
    der(0x30, Buffer.from('0603551d11', 'hex'), der(0x04, der(0x30, address))),
    der(0x30, Buffer.from('0603551d130101ff', 'hex'), der(0x04, der(0x30, der(0x01, Buffer.of(0xff))))),
  );
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    subject,
    der(0x30, time(end - 10 * 86_400_000), time(end)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = der(0x03, sha256Bit, sign('sha256', body, privateKey));
  const pem = der(0x30, body, ecdsaWithSha256, signature)
    .toString('base64')
    .replace(/.{64}(?!$)/g, '$&\n');
  const key = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
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
