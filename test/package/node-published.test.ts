/** Node from npm is compared with the published one. nodejs.org is a small server here, and Node a short text. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import packageJson from '../../package.json' with { type: 'json' };
import { gzip, tar } from '../../cmd/package/archive.ts';
import { platforms, type Platform } from '../../cmd/package/platforms.ts';
import { nodeVersion } from '../../cmd/package/project.ts';
import { sha256 } from '../../cmd/package/release.ts';
import { compareNode } from '../../cmd/release/compare-node.ts';
import { parseSums, publishedFile, whyNotPublished } from '../../cmd/release/node-published.ts';

const hash = (digit: string) => digit.repeat(64);

test('each platform has a file at nodejs.org', () => {
  assert.deepEqual(
    platforms.map((platform) => publishedFile(platform, '1.2.3').name),
    [
      ...['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'].map((it) => `node-v1.2.3-${it}.tar.gz`),
      'win-x64/node.exe',
    ],
  );
});

test('the npm packages of all platforms have the version that the program ships', () => {
  for (const { node } of platforms) {
    const versions: Readonly<Record<string, string>> = packageJson.optionalDependencies;
    assert.equal(versions[node.package], nodeVersion, node.package);
  }
});

test('a SHASUMS256.txt is read, and nothing else', () => {
  const text = `${hash('a')}  node.tar.gz\n${hash('b')}  win-x64/node.exe\n`;
  assert.deepEqual(
    [...parseSums(text)],
    [
      ['node.tar.gz', hash('a')],
      ['win-x64/node.exe', hash('b')],
    ],
  );
  for (const line of ['<html>', `${hash('a')} node.tar.gz`, `${hash('A')}  node.tar.gz`, `${hash('a')}  `])
    assert.throws(() => parseSums(`${line}\n`), /not a line of SHASUMS256\.txt/, line);
});

test('the bundled program is the published one only if all three agree', () => {
  const file = { name: 'node.tar.gz', inside: 'node/bin/node' };
  const sums = new Map([['node.tar.gz', 'f']]);
  const hashes = { file: 'f', published: 'p', bundled: 'p' };
  assert.equal(whyNotPublished(file, sums, hashes), undefined);
  const cases: [ReadonlyMap<string, string>, Partial<typeof hashes> | { published: undefined }, RegExp][] = [
    [new Map(), {}, /does not list node\.tar\.gz/],
    [sums, { file: 'x' }, /has SHA-256 x, and SHASUMS256\.txt says f/],
    [sums, { published: undefined }, /contains no node\/bin\/node/],
    [sums, { bundled: 'x' }, /npm's package has SHA-256 x, and the one in node\.tar\.gz p/],
  ];
  for (const [listed, change, why] of cases)
    assert.match(whyNotPublished(file, listed, { ...hashes, ...change }) ?? '', why);
});

/** Serves these files and a SHASUMS256.txt of them. Resolves with the URL. */
async function publish(t: TestContext, files: ReadonlyMap<string, Buffer>): Promise<string> {
  const sums = [...files].map(([name, content]) => `${sha256(content)}  ${name}\n`).join('');
  const all = new Map([...files, ['SHASUMS256.txt', Buffer.from(sums)]]);
  const server = createServer(({ url = '' }, response) => {
    const content = all.get(url.slice(1));
    response.writeHead(content ? 200 : 404).end(content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('downloads, unpacks and compares', async (t) => {
  const chosen = platforms.filter(({ name }) => ['linux-amd64', 'windows-amd64'].includes(name));
  const files = new Map<string, Buffer>();
  for (const platform of chosen) {
    const { name, inside } = publishedFile(platform, '1.2.3');
    const content = Buffer.from(`node for ${platform.name}`);
    const entries = [{ name: inside ?? '', content, mode: 0o755 }];
    files.set(name, inside === undefined ? content : await gzip(await tar(entries, new Date(0))));
  }
  const url = await publish(t, files);
  const said: string[] = [];
  const compare = (bundled: (platform: Platform) => string, from = url) =>
    compareNode({
      ...{ url: from, version: '1.2.3', platforms: chosen, say: (line) => void said.push(line) },
      bundled: (platform) => Promise.resolve(Buffer.from(bundled(platform))),
    });
  assert.deepEqual(await compare(({ name }) => `node for ${name}`), []);
  assert.equal(said.length, 2);
  const different = await compare(({ name }) => `another node for ${name}`);
  assert.deepEqual(
    different.map((line) => line.split(': ')[0]),
    ['linux-amd64', 'windows-amd64'],
  );
  const nothing = await publish(t, new Map());
  await assert.rejects(
    compare(() => '', nothing),
    /node-v1\.2\.3-linux-x64\.tar\.gz: 404/,
  );
});
