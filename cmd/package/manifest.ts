/**
 * The krew manifest of a release: the template at the root of the repository, filled in with the archives'
 * checksums.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { dump, load } from 'js-yaml';

import { project, version } from './project.ts';

export interface Plugin {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<
    Record<'version' | 'homepage' | 'shortDescription' | 'description' | 'caveats', string>
  > & {
    readonly platforms: readonly PluginPlatform[];
  };
}

export interface PluginPlatform {
  readonly selector: { readonly matchLabels: { readonly os: string; readonly arch: string } };
  readonly uri: string;
  readonly sha256: string;
  readonly bin: string;
}

export const manifestFile = 'krew-manifest.yaml';

/** Reads the krew manifest in the directory, by default the template in the project. */
export async function readManifest(directory: string = project): Promise<Plugin> {
  return load(await readFile(join(directory, manifestFile), 'utf8')) as Plugin;
}

/** `checksums`: SHA-256 in hex by archive file name. Platforms without an archive are left out. */
export function filledManifest(source: Plugin, checksums: ReadonlyMap<string, string>): string {
  const platforms = source.spec.platforms.flatMap((platform) => {
    const archive = platform.uri.slice(platform.uri.lastIndexOf('/') + 1);
    const sha256 = checksums.get(archive);
    const uri = platform.uri.replaceAll(source.spec.version, version);
    return sha256 === undefined ? [] : { ...platform, uri, sha256 };
  });
  return dump({ ...source, spec: { ...source.spec, version, platforms } }, { lineWidth: -1 });
}
