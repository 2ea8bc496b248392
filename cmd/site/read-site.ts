/** Reads the built site from its directory. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Site } from './check-links.ts';
import { readCss, readHtml } from './read-html.ts';

/** `repository`: the directory of the sources. */
export function readSite(directory: string, repository: string, base: string): Site {
  const files = globSync('**/*', { cwd: directory }).filter((file) =>
    statSync(join(directory, file)).isFile(),
  );
  const read = (file: string) => readFileSync(join(directory, file), 'utf8');
  const ending = (extension: string) => files.filter((file) => file.endsWith(extension));
  return {
    base,
    pages: new Map(ending('.html').map((file) => [file, readHtml(read(file))])),
    styles: new Map(ending('.css').map((file) => [file, readCss(read(file))])),
    files: new Set(files),
    inRepository(path) {
      const found = statSync(join(repository, path), { throwIfNoEntry: false });
      if (found === undefined) return undefined;
      return found.isDirectory() ? '' : readFileSync(join(repository, path), 'utf8');
    },
  };
}
