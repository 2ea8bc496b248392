/** `npm run docs`: prints the pages of the documentation that come from the code. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { printedFolders, printedPages } from './docs/printed-pages.ts';
import { project } from './package/project.ts';

const docs = join(project, 'docs');

async function write(): Promise<void> {
  const pages = await printedPages();
  for (const folder of printedFolders) await rm(join(docs, folder), { recursive: true, force: true });
  for (const [path, text] of pages) {
    const file = join(docs, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

void write();
