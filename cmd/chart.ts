/** `npm run chart`: prints the Helm chart from the code that installs the operator. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { chartFiles } from './chart/chart-files.ts';
import { project, version } from './package/project.ts';

const directory = join(project, 'charts', 'kubectl-stash');

async function write(): Promise<void> {
  await rm(join(directory, 'templates'), { recursive: true, force: true });
  for (const [path, text] of chartFiles(version.slice(1))) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

void write();
