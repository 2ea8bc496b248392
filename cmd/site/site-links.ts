/**
 * Where the links of a page lead in the site. In `docs` they are relative paths, as GitHub reads them: to pages, to other
 * files of `docs`, of which the site has copies, and to files and folders elsewhere in the repository.
 */
import { posix } from 'node:path';

import { pageLink } from '#src/domain/documentation.ts';

export const repository = 'https://github.com/kubectl-stash/kubectl-stash';

/** What is there, by its path in the repository. */
export type Look = (path: string) => 'file' | 'folder' | undefined;

/**
 * Returns the link for the site; unchanged if it is no path, or if nothing is there. `page`: path in `docs`.
 */
export function siteLink(page: string, link: string, look: Look): string {
  if (/^([a-z]+:|#|\/)/.test(link)) return link;
  const [path = '', anchor] = link.split('#');
  const suffix = anchor === undefined ? '' : `#${anchor}`;
  const linked = posix.join('docs', posix.dirname(page), decodeURI(path)).replace(/\/$/, '');
  const found = look(linked);
  if (found === undefined) return link;
  const inDocs = linked.startsWith('docs/') ? linked.slice('docs/'.length) : undefined;
  if (found === 'folder') {
    const readme = ['index.md', 'README.md'].find((name) => look(`${linked}/${name}`) === 'file');
    if (inDocs !== undefined && readme !== undefined) return `${pageLink(`${inDocs}/${readme}`)}${suffix}`;
    return `${repository}/tree/main/${linked}${suffix}`;
  }
  if (inDocs === undefined) return `${repository}/blob/main/${linked}${suffix}`;
  return inDocs.endsWith('.md') ? `${pageLink(inDocs)}${suffix}` : `/${inDocs}`;
}
