/** Where the pages of `docs` are published. Whatever the program prints about a page is its address, by `documentation`. */

/** A path of `docs`, maybe with the anchor of a heading. */
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

/** The link of a page from the root of the site: `/guides/pvc.html`, `/install/`. */
export function pageLink(page: string): string {
  return `/${sitePath(page)}`.replace(/(index)?\.md$/, (_, index) => (index === undefined ? '.html' : ''));
}
