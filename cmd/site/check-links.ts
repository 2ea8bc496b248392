/** Finds the links of the built site that lead nowhere, and what its pages load from other hosts. */
import { posix } from 'node:path';

import { anchorsOf } from './heading-anchor.ts';
import type { HtmlPage } from './read-html.ts';
import { repository } from './site-links.ts';

export interface Site {
  /** Path under which it is published: `/kubectl-stash/`. */
  readonly base: string;
  /** By path in the site: `guides/pvc.html`. */
  readonly pages: ReadonlyMap<string, HtmlPage>;
  /** What each style sheet loads, by its path in the site. */
  readonly styles: ReadonlyMap<string, readonly string[]>;
  /** Paths of all files of the site. */
  readonly files: ReadonlySet<string>;
  /** The text of a file of the repository, empty for a folder; undefined if it does not exist. */
  readonly inRepository: (path: string) => string | undefined;
}

/** Returns one line for each problem, and the number of links that were checked. */
export function checkLinks(site: Site): { readonly problems: readonly string[]; readonly checked: number } {
  const problems: string[] = [];
  let checked = 0;
  const check = (from: string, target: string, problem: string | undefined) => {
    checked += 1;
    if (problem !== undefined) problems.push(`${from}: ${target}: ${problem}`);
  };
  for (const [path, { links, resources }] of site.pages) {
    for (const link of new Set(links)) check(path, link, problemOf(site, path, link));
    for (const resource of new Set(resources)) check(path, resource, loadProblem(site, path, resource));
  }
  for (const [path, loaded] of site.styles) {
    for (const resource of new Set(loaded)) check(path, resource, loadProblem(site, path, resource));
  }
  return { problems, checked };
}

function loadProblem(site: Site, from: string, resource: string): string | undefined {
  if (resource.startsWith('data:')) return undefined;
  if (isExternal(resource)) return 'is loaded from another host';
  return problemOf(site, from, resource);
}

function isExternal(link: string): boolean {
  return /^([a-z]+:|\/\/)/.test(link);
}

function problemOf(site: Site, from: string, link: string): string | undefined {
  if (link.startsWith(`${repository}/`)) return repositoryProblem(site, link);
  if (isExternal(link)) return undefined;
  const [path = '', anchor = ''] = link.split('#').map(decodeURIComponent);
  const linked = path === '' ? from : pathInSite(site, from, path);
  if (linked === undefined) return `is outside of ${site.base}`;
  if (!site.files.has(linked)) return 'does not exist';
  if (anchor === '' || site.pages.get(linked)?.anchors.has(anchor) === true) return undefined;
  return `${linked} has no such anchor`;
}

/** Undefined outside of the site. A folder stands for its `index.html`. */
function pathInSite({ base }: Site, from: string, path: string): string | undefined {
  const absolute = posix.resolve(base, posix.dirname(from), path);
  const [withoutQuery = ''] = (path.endsWith('/') ? `${absolute}/index.html` : absolute).split('?');
  return `${withoutQuery}/`.startsWith(base) ? posix.relative(base, withoutQuery) : undefined;
}

/** Pages of the host that show a file or folder of the repository, and those that do not. */
function repositoryProblem({ inRepository }: Site, link: string): string | undefined {
  const shown = /^\/(?:blob|tree|edit|raw)\/main\/([^#]*)(?:#(.*))?$/.exec(link.slice(repository.length));
  if (shown === null) return undefined;
  const [, path = '', anchor] = shown;
  const text = inRepository(path);
  if (text === undefined) return `the repository has no ${path}`;
  if (anchor === undefined || !path.endsWith('.md')) return undefined;
  return anchorsOf(text).has(anchor) ? undefined : `${path} has no such heading`;
}
