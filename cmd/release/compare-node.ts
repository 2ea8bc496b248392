/** Downloads the published Node of each platform, and compares it with the one that the program contains. */
import { fileInTarGz } from '../package/archive.ts';
import type { Platform } from '../package/platforms.ts';
import { sha256 } from '../package/release.ts';
import { parseSums, publishedFile, whyNotPublished } from './node-published.ts';

export interface Compared {
  /** `https://nodejs.org/dist/v26.10.0` */
  readonly url: string;
  /** Without `v`. */
  readonly version: string;
  readonly platforms: readonly Platform[];
  /** Resolves with the program in the platform's npm package. */
  readonly bundled: (platform: Platform) => Promise<Buffer>;
  readonly say: (line: string) => void;
}

/** Resolves with a line for each platform whose Node differs. Rejects if a file cannot be downloaded. */
export async function compareNode({ url, version, platforms, bundled, say }: Compared): Promise<string[]> {
  const sums = parseSums((await download(`${url}/SHASUMS256.txt`)).toString());
  const different: string[] = [];
  for (const platform of platforms) {
    const file = publishedFile(platform, version);
    const content = await download(`${url}/${file.name}`);
    const program = file.inside === undefined ? content : await fileInTarGz(content, file.inside);
    const hashes = {
      file: sha256(content),
      published: program && sha256(program),
      bundled: sha256(await bundled(platform)),
    };
    const why = whyNotPublished(file, sums, hashes);
    if (why === undefined) say(`${platform.name}: ${hashes.bundled}, as in ${file.name}`);
    else different.push(`${platform.name}: ${why}`);
  }
  return different;
}

const downloadWithinMs = 300_000;

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(downloadWithinMs) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return Buffer.from(await response.arrayBuffer());
}
