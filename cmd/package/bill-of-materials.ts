/** Lists the contents of a binary in CycloneDX 1.6: Node, and every package with code in the bundle. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Metafile } from 'esbuild';

import { nodeVersion, project, version } from './project.ts';

/** A package with code in the program. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression from its package.json. */
  readonly license: string;
  /** Path relative to the project. */
  readonly directory: string;
}

/** Resolves with the packages, sorted by name, then version. */
export async function bundledPackages({ outputs }: Metafile): Promise<BundledPackage[]> {
  const directories = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const directory = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
      if (directory !== undefined && bytesInOutput > 0) directories.add(directory);
    }
  }
  const packages = await Promise.all([...directories].map(describe));
  return packages.sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

async function describe(directory: string): Promise<BundledPackage> {
  const text = await readFile(join(project, directory, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(text) as Omit<BundledPackage, 'directory'>;
  return { name, version, license, directory };
}

/** Returns the bill of materials as CycloneDX JSON. `time`: that of the commit, for reproducible output. */
export function billOfMaterials(packages: readonly BundledPackage[], time: Date): string {
  const components = [
    {
      type: 'platform',
      name: 'node',
      version: nodeVersion,
      purl: `pkg:generic/node@${nodeVersion}`,
      'bom-ref': `pkg:generic/node@${nodeVersion}`,
      licenses: [{ license: { id: 'MIT' } }],
    },
    ...packages.map(({ name, version, license }) => {
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
      const licenses = [/ OR | AND /.test(license) ? { expression: license } : { license: { id: license } }];
      return { type: 'library', name, version, purl, 'bom-ref': purl, licenses };
    }),
  ];
  const own = `pkg:generic/kubectl-stash@${version}`;
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: time.toISOString(),
      component: {
        type: 'application',
        name: 'kubectl-stash',
        version,
        purl: own,
        'bom-ref': own,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components,
    dependencies: [{ ref: own, dependsOn: components.map((component) => component['bom-ref']) }],
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
