import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import { formatQuantity, parseQuantity } from '#src/sandbox/quantity.ts';
import { formatAge } from '#src/sandbox/api-server/http/age.ts';
import { evaluateJsonPath } from '#src/sandbox/api-server/http/json-path.ts';
import { decodeProtobuf } from '#src/sandbox/api-server/http/protobuf.ts';

import { startBareServer, time } from '../bare-server.ts';

await test('ages as kubectl writes them', () => {
  const [minute, hour, day] = [60, 3600, 86_400];
  const rows: [seconds: number, text: string][] = [
    [-1, '0s'],
    [119, '119s'],
    [2 * minute, '2m'],
    [5 * minute + 3, '5m3s'],
    [179 * minute, '179m'],
    [3 * hour + 5 * minute, '3h5m'],
    [47 * hour, '47h'],
    [2 * day + 4 * hour, '2d4h'],
    [400 * day, '400d'],
    [800 * day, '2y70d'],
  ];
  for (const [seconds, text] of rows) assert.equal(formatAge(seconds * 1000), text);
});

await test('JSONPath of printer columns', () => {
  const object = {
    metadata: { labels: { 'a.b/c': 'x' } },
    spec: {
      list: [
        { name: 'one', n: 1 },
        { name: 'two', n: 2 },
      ],
    },
    status: { conditions: [{ type: 'Ready', status: 'True' }], ready: false },
  };
  const rows: [path: string, values: unknown[]][] = [
    ['.status.ready', [false]],
    ['.spec.missing.deeper', []],
    ['.spec.list[1].name', ['two']],
    ['.spec.list[*].n', [1, 2]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    ['.status.conditions[?(@.type=="Other")].status', []],
    [String.raw`.metadata.labels.a\.b/c`, ['x']],
    [".metadata.labels['a.b/c']", ['x']],
  ];
  for (const [path, values] of rows) assert.deepEqual(evaluateJsonPath(object, path), values, path);
});

await test('quantities', () => {
  const rows: [text: unknown, number: number | undefined][] = [
    ['1Gi', 2 ** 30],
    ['1.5k', 1500],
    ['250m', 0.25],
    ['2e3', 2000],
    ['1E', 1e18],
    [5, 5],
    ['', undefined],
    ['1 Gi', undefined],
    ['Gi', undefined],
    [null, undefined],
  ];
  for (const [text, number] of rows) assert.equal(parseQuantity(text), number);
  assert.deepEqual([0, 0.1, 1000, 1024, 1.5 * 2 ** 30, 2 ** 40].map(formatQuantity), [
    ...['0', '1', '1000', '1Ki', '1536Mi', '1Ti'],
  ]);
});

await test('the certificate is valid for the loopback address only', async () => {
  await using server = await startBareServer();
  const certificate = new X509Certificate(server.certificate);
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(certificate.checkHost('example.com'), undefined);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(new Date(certificate.validFrom) < time && time < new Date(certificate.validTo));
});

function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
}

await test('the protobuf messages that kubectl and Helm send without negotiating', () => {
  const entry = Buffer.concat([field(1, 'k'), field(2, 'v')]);
  const metadata = Buffer.concat([
    field(1, 'demo'),
    field(3, ''),
    field(11, entry),
    field(15, 'not known here'),
  ]);
  const type = Buffer.concat([field(1, 'v1'), field(2, 'Namespace')]);
  const message = Buffer.concat([
    Buffer.from('k8s\0', 'latin1'),
    field(1, type),
    field(2, field(1, metadata)),
  ]);
  assert.deepEqual(decodeProtobuf(message), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'demo', labels: { k: 'v' } },
  });
  const secret = Buffer.concat([
    Buffer.from('k8s\0', 'latin1'),
    field(1, Buffer.concat([field(1, 'v1'), field(2, 'Secret')])),
    field(2, Buffer.concat([field(2, entry), field(3, 'helm.sh/release.v1')])),
  ]);
  assert.deepEqual(decodeProtobuf(secret), {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'helm.sh/release.v1' },
    data: { k: Buffer.from('v').toString('base64') },
  });
  assert.throws(() => decodeProtobuf(message.subarray(0, -3)), { reason: 'BadRequest' });
  assert.throws(() => decodeProtobuf(Buffer.from('{}')), { reason: 'BadRequest' });
  const unknown = Buffer.concat([Buffer.from('k8s\0', 'latin1'), field(1, field(2, 'Thing'))]);
  assert.throws(() => decodeProtobuf(unknown), { reason: 'UnsupportedMediaType' });
});
