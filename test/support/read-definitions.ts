import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { load } from 'js-yaml';

import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';

/** Reads an API group's definitions from a directory with one file per kind: `GROUP_PLURAL.yaml`. */
export async function readDefinitions(directory: string, group: string): Promise<CustomResourceDefinition[]> {
  const files = (await readdir(directory)).filter((name) => name.startsWith(`${group}_`));
  return Promise.all(
    files.map(
      async (name) => load(await readFile(join(directory, name), 'utf8')) as CustomResourceDefinition,
    ),
  );
}
