/** Gives the addresses at which the pages of `docs` are published. The program prints no other form of them. */

/** A path below `docs`, maybe with the anchor of a heading. */
type Page = `${string}.md` | `${string}.md#${string}`;

export const site = 'https://kubectl-stash.github.io/kubectl-stash/';

/** `documentation('rbac.md#the-command-line')`: the page's address on the site. */
export function documentation(page: Page): string {
  const [path = '', anchor] = page.split('#');
  const address = new URL(pageLink(path).slice(1), site).href;
  return anchor === undefined ? address : `${address}#${anchor}`;
}

/** A folder's README is its first page. */
export function sitePath(page: string): string {
  return page.replace(/(^|\/)README\.md$/, '$1index.md');
}

/** Returns the link to a page from the root of the site: `/guides/pvc.html`, `/install/`. */
export function pageLink(page: string): string {
  return `/${sitePath(page)}`.replace(/(index)?\.md$/, (_, index) => (index === undefined ? '.html' : ''));
}
