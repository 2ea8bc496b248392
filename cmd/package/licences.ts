/** Collects the licences of everything in a binary, which have to be distributed with it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BundledPackage } from './bill-of-materials.ts';
import { hostPlatform } from './platforms.ts';
import { nodeVersion, project } from './project.ts';

const licenceFile = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

/** @throws Error if a package contains no licence file */
export async function thirdPartyLicences(packages: readonly BundledPackage[]): Promise<string> {
  const node = {
    name: 'Node.js',
    version: nodeVersion,
    license: 'MIT',
    // npm installs the Node package of this platform only; the licence is the same for all.
    directory: `node_modules/${hostPlatform()?.node.package ?? 'node'}`,
  };
  const texts = await Promise.all([node, ...packages].map(licenceOf));
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenceOf({ name, version, license, directory }: BundledPackage): Promise<string> {
  const files = (await readdir(join(project, directory))).filter((file) => licenceFile.test(file)).sort();
  if (files.length === 0) throw new Error(`${name} ${version} has no file with its licence`);
  const texts = await Promise.all(files.map((file) => readFile(join(project, directory, file), 'utf8')));
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`;
}
