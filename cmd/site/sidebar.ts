/** The sidebar in the format of VitePress, with the heading of each page as its name. */
import type { DefaultTheme } from 'vitepress';

import { pageLink } from '#src/domain/documentation.ts';

import { arrange, sections, type ArrangedSection } from './sections.ts';

/** `texts`: the Markdown of each page by its path in `docs`. */
export function sidebarOf(texts: ReadonlyMap<string, string>): DefaultTheme.SidebarItem[] {
  const linkTo = (page: string): DefaultTheme.SidebarItem => ({
    text: nameOf(texts.get(page) ?? ''),
    link: pageLink(page),
  });
  const folded = ({ title, pages }: ArrangedSection): DefaultTheme.SidebarItem => ({
    text: title,
    collapsed: true,
    items: pages.map(linkTo),
  });
  return arrange(sections, [...texts.keys()]).map(({ title, pages, groups }) => ({
    text: title,
    items: [...pages.map(linkTo), ...groups.map(folded)],
  }));
}

/** Words with which the headings of many pages begin, but no name in a list. */
const beginning = /^(kubectl stash|Snapshot and restore( the volumes of)?) /;

/** The first heading, of a command without `kubectl stash`, and of a guide without what all guides do. */
export function nameOf(markdown: string): string {
  const [, heading = ''] = /^# (.+)$/m.exec(markdown) ?? [];
  return heading
    .replaceAll('`', '')
    .replace(beginning, '')
    .replace(/^(an?|all) /, (article) => article.charAt(0).toUpperCase() + article.slice(1));
}
