/**
 * Writes an image as an OCI image layout (https://github.com/opencontainers/image-spec, image-layout.md),
 * without a container daemon.
 */
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { gzip } from '../package/archive.ts';

export interface Image {
  /** In Go's spelling. */
  readonly architecture: string;
  /** A tar archive. */
  readonly rootFilesystem: Buffer;
  /** Default gzip; `none` saves time for an image that is not kept. */
  readonly compression?: 'gzip' | 'none';
  readonly user: string;
  readonly entrypoint?: string;
  /** The default command of a container. */
  readonly command?: readonly string[];
  /** The signal that stops a container; default SIGTERM. */
  readonly stopSignal?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly created: Date;
  readonly tag: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const mediaType = (name: string) => `application/vnd.oci.image.${name}`;

/** Replaces the directory's contents. Resolves with the digest of the image's manifest. */
export async function writeImage(directory: string, image: Image): Promise<string> {
  await rm(directory, { recursive: true, force: true });
  const blobs = join(directory, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const write = async (type: string, content: Buffer): Promise<Descriptor> => {
    const hash = createHash('sha256').update(content).digest('hex');
    await writeFile(join(blobs, hash), content);
    return { mediaType: mediaType(type), digest: `sha256:${hash}`, size: content.length };
  };

  const {
    architecture,
    rootFilesystem,
    compression = 'gzip',
    user,
    entrypoint,
    command,
    stopSignal,
    labels,
    tag,
  } = image;
  const created = image.created.toISOString();
  const layer =
    compression === 'gzip'
      ? await write('layer.v1.tar+gzip', await gzip(rootFilesystem))
      : await write('layer.v1.tar', rootFilesystem);
  const diffId = `sha256:${createHash('sha256').update(rootFilesystem).digest('hex')}`;
  const config = await write(
    'config.v1+json',
    json({
      created,
      architecture,
      os: 'linux',
      config: {
        User: user,
        ...(entrypoint !== undefined && { Entrypoint: [entrypoint] }),
        ...(command && { Cmd: command }),
        ...(stopSignal !== undefined && { StopSignal: stopSignal }),
        WorkingDir: '/',
        Labels: labels,
      },
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, created_by: 'npm run image' }],
    }),
  );
  const manifest = await write(
    'manifest.v1+json',
    json({
      schemaVersion: 2,
      mediaType: mediaType('manifest.v1+json'),
      config,
      layers: [layer],
      annotations: labels,
    }),
  );
  const index = {
    schemaVersion: 2,
    mediaType: mediaType('index.v1+json'),
    manifests: [
      {
        ...manifest,
        platform: { architecture, os: 'linux' },
        annotations: { 'org.opencontainers.image.ref.name': tag },
      },
    ],
  };
  await writeFile(join(directory, 'index.json'), json(index));
  await writeFile(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  return manifest.digest;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
