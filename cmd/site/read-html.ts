/** What a page of the built site refers to, and which anchors it has. */
import { Parser } from 'htmlparser2';

export interface HtmlPage {
  /** Targets of links. */
  readonly links: readonly string[];
  /** What the browser loads by itself: scripts, styles, images, fonts. */
  readonly resources: readonly string[];
  readonly anchors: ReadonlySet<string>;
}

/** Attributes of elements with which the browser loads something. */
const loading: Readonly<Record<string, string>> = {
  script: 'src',
  img: 'src',
  source: 'src',
  iframe: 'src',
  video: 'src',
  link: 'href',
};

export function readHtml(html: string): HtmlPage {
  const links: string[] = [];
  const resources: string[] = [];
  const anchors = new Set<string>();
  const parser = new Parser({
    onopentag(name, attributes) {
      const { id, href } = attributes;
      if (id !== undefined) anchors.add(id);
      if (name === 'a' && href !== undefined) links.push(href);
      const resource = attributes[loading[name] ?? ''];
      if (resource !== undefined) resources.push(resource);
    },
  });
  parser.end(html);
  return { links, resources, anchors };
}

/** What a style sheet loads. */
export function readCss(css: string): string[] {
  return [...css.matchAll(/url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']/g)].map(
    ([, url, imported]) => url ?? imported ?? '',
  );
}
