/**
 * Opens every archive of a release: checks its contents, and whether the program's format suits its platform.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { unzipSync } from 'fflate';

import { fileInTarGz } from '../../cmd/package/archive.ts';
import { readManifest } from '../../cmd/package/manifest.ts';
import { checksum } from '../../cmd/package/pe.ts';
import { platforms, type Platform } from '../../cmd/package/platforms.ts';
import { buildRelease, sha256 as sha256Of } from '../../cmd/package/release.ts';
import { hostRelease } from './host-release.ts';
import { verifySignature } from './verify-signature.ts';
import { certificateEntry, machineOf, resourceNames, signedLength } from './windows-parts.ts';

const release = await hostRelease();
const skip = release === undefined;
const directory = release?.directory ?? '';
const built = platforms.filter(({ archive }) => existsSync(join(directory, archive)));
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1';
/** Bytes. */
const largest = 50e6;

for (const platform of built) {
  test(`${platform.archive}: it is small enough, and contains the licences and a program for its platform`, async () => {
    const archive = readFileSync(join(directory, platform.archive));
    assert.ok(archive.length <= largest, `${archive.length} bytes`);
    for (const name of ['LICENSE', 'LICENSE-THIRD-PARTY'])
      assert.ok(await fileIn(platform, archive, name), name);
    const program = await fileIn(platform, archive, platform.program);
    assert.ok(program);
    assert.ok(program.includes(fuse), 'Node is told that there is a program in it');
    checkFormat(platform, program);
  });
}

test('checksums.txt matches every file', { skip }, () => {
  const lines = readFileSync(join(directory, 'checksums.txt'), 'utf8').trimEnd().split('\n');
  assert.ok(lines.length >= built.length + 2);
  for (const line of lines) {
    const [sum, name = ''] = line.split('  ');
    assert.equal(sha256Of(readFileSync(join(directory, name))), sum, name);
  }
});

test('the krew manifest lists every archive with its checksum', { skip }, async () => {
  const { spec } = await readManifest(directory);
  assert.deepEqual(
    spec.platforms.map(({ uri, sha256 }) => [uri.slice(uri.lastIndexOf('/') + 1), sha256]),
    built.map(({ archive }) => [archive, sha256Of(readFileSync(join(directory, archive)))]),
  );
});

test('the bill of materials lists Node and the bundled packages', { skip }, () => {
  const bill = JSON.parse(readFileSync(join(directory, 'kubectl-stash.cdx.json'), 'utf8')) as {
    bomFormat: string;
    components: { name: string; version: string; purl: string; licenses: object[] }[];
  };
  assert.equal(bill.bomFormat, 'CycloneDX');
  const names = bill.components.map(({ name }) => name);
  for (const name of ['node', '@kubernetes/client-node', 'yargs', 'ws', 'js-yaml'])
    assert.ok(names.includes(name), name);
  for (const name of ['esbuild', 'undici', 'typescript']) assert.ok(!names.includes(name), name);
  for (const { purl, version, licenses } of bill.components) {
    assert.match(purl, /^pkg:(npm|generic)\//);
    assert.ok(version && licenses.length === 1, purl);
  }
});

test('a second build has the same bytes', { skip }, async () => {
  assert.ok(release);
  const again = join(release.scratch, 'again');
  await buildRelease({ platforms: [release.platform], directory: again, say: () => undefined });
  for (const name of [release.platform.archive, 'kubectl-stash.cdx.json']) {
    assert.ok(readFileSync(join(again, name)).equals(readFileSync(join(directory, name))), name);
  }
});

async function fileIn({ os }: Platform, archive: Buffer, name: string): Promise<Buffer | undefined> {
  if (os !== 'windows') return fileInTarGz(archive, name);
  const content = unzipSync(archive, { filter: (file) => file.name === name })[name];
  return content && Buffer.from(content);
}

function checkFormat({ os, arch }: Platform, program: Buffer): void {
  switch (os) {
    case 'linux':
      assert.equal(program.readUInt16LE(18), { amd64: 62, arm64: 183 }[arch]);
      break;
    case 'darwin':
      assert.equal(program.readUInt32LE(4), { amd64: 0x01000007, arm64: 0x0100000c }[arch]);
      assert.equal(verifySignature(program).identifier, 'kubectl-stash');
      break;
    case 'windows':
      assert.equal(machineOf(program), 0x8664);
      assert.deepEqual(certificateEntry(program), { offset: 0, size: 0 });
      assert.ok(program.readUInt32LE(program.readUInt32LE(0x3c) + 88) === checksum(program));
      assert.ok(resourceNames(program).includes('NODE_SEA_BLOB'));
      assert.equal(signedLength(program), program.length);
      break;
  }
}
