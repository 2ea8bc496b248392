/** Reads the image back by its digests, as a registry client does. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { writeImage } from '../../cmd/image/oci-layout.ts';
import { entrypoint, labels, user } from '../../cmd/image/root-filesystem.ts';
import { fileInTarGz, tar } from '../../cmd/package/archive.ts';
import { project } from '../../cmd/package/project.ts';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

test('every blob matches its digest and size, and the layers match the configuration', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'image-'));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  const created = new Date('2026-01-02T03:04:05Z');
  const files = [{ name: 'program', content: Buffer.from('runs'), mode: 0o755 }];
  const image = {
    architecture: 'arm64',
    rootFilesystem: await tar(files, created),
    user: '65532:65532',
    entrypoint: '/program',
    stopSignal: 'SIGINT',
    labels: { title: 'test' },
    created,
    tag: 'v1.2.3',
  };
  const digest = await writeImage(directory, image);
  const read = ({ digest, size }: Descriptor): Buffer => {
    const content = readFileSync(join(directory, 'blobs', digest.replace(':', '/')));
    assert.equal(`sha256:${createHash('sha256').update(content).digest('hex')}`, digest);
    assert.equal(content.length, size);
    return content;
  };
  const json = (content: Buffer): unknown => JSON.parse(content.toString());

  assert.deepEqual(json(readFileSync(join(directory, 'oci-layout'))), { imageLayoutVersion: '1.0.0' });
  const { manifests } = json(readFileSync(join(directory, 'index.json'))) as {
    manifests: (Descriptor & { annotations: Record<string, string> })[];
  };
  const [index = assert.fail('no manifest')] = manifests;
  assert.equal(index.digest, digest);
  assert.equal(index.annotations['org.opencontainers.image.ref.name'], 'v1.2.3');
  const manifest = json(read(index)) as { config: Descriptor; layers: Descriptor[] };
  const config = json(read(manifest.config)) as {
    architecture: string;
    config: Record<string, unknown>;
    rootfs: { diff_ids: string[] };
  };
  assert.equal(config.architecture, 'arm64');
  assert.equal(config.config['User'], '65532:65532');
  assert.deepEqual(config.config['Entrypoint'], ['/program']);
  assert.equal(config.config['StopSignal'], 'SIGINT');
  const [layer = assert.fail('no layer')] = manifest.layers.map(read);
  const unpacked = createHash('sha256').update(gunzipSync(layer)).digest('hex');
  assert.deepEqual(config.rootfs.diff_ids, [`sha256:${unpacked}`]);
  assert.equal((await fileInTarGz(layer, 'program'))?.toString(), 'runs');

  // Writing again gives the same image and leaves no blob of the old one.
  assert.equal(await writeImage(directory, image), digest);
  assert.equal(readdirSync(join(directory, 'blobs', 'sha256')).length, 3);

  await writeImage(directory, { ...image, compression: 'none' });
  const [other = assert.fail('no manifest')] = (
    json(readFileSync(join(directory, 'index.json'))) as { manifests: Descriptor[] }
  ).manifests;
  const [plain = assert.fail('no layer')] = (json(read(other)) as { layers: Descriptor[] }).layers;
  assert.equal(plain.mediaType, 'application/vnd.oci.image.layer.v1.tar');
  assert.deepEqual(read(plain), image.rootFilesystem);
});

test('the Containerfile has the labels, user and entrypoint of `npm run image`', () => {
  const text = readFileSync(join(project, 'Containerfile'), 'utf8');
  const label = [...text.matchAll(/(org\.[\w.]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
    key,
    value,
  ]);
  assert.deepEqual(Object.fromEntries(label), labels);
  const instruction = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1];
  assert.equal(instruction('USER'), `${user}:${user}`);
  assert.equal(instruction('ENTRYPOINT'), JSON.stringify([entrypoint]));
});
