/** The site of the documentation: `npm run site` builds it. */
import { copyFileSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { defineConfig } from 'vitepress';

import { base, siteDirectory } from '../../cmd/site/base.ts';
import { diagramImages } from '../../cmd/site/diagram.ts';
import { headingAnchor } from '../../cmd/site/heading-anchor.ts';
import { sidebarOf } from '../../cmd/site/sidebar.ts';
import { repository, siteLink } from '../../cmd/site/site-links.ts';
import { sitePath } from '../../src/domain/documentation.ts';

const docs = join(import.meta.dirname, '..');
const root = join(docs, '..');

const texts = new Map(
  globSync('**/*.md', { cwd: docs }).map((page) => [page, readFileSync(join(docs, page), 'utf8')] as const),
);

function look(path: string): 'file' | 'folder' | undefined {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'folder' : 'file';
}

export default defineConfig({
  title: 'kubectl-stash',
  description: 'Snapshot and restore what runs on Kubernetes',
  lang: 'en',
  base,
  outDir: join(root, siteDirectory),
  cacheDir: join(root, 'node_modules/.cache/vitepress'),
  rewrites: sitePath,
  markdown: {
    anchor: { slugify: headingAnchor },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(markdown) {
      markdown.core.ruler.push('site-links', ({ tokens, env }) => {
        const { path, realPath = path } = env as { path: string; realPath?: string };
        const page = relative(docs, realPath);
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const link = token.type === 'link_open' ? token.attrGet('href') : null;
          if (link !== null) token.attrSet('href', siteLink(page, link, look));
        }
      });
      const { fence } = markdown.renderer.rules;
      markdown.renderer.rules.fence = (tokens, index, ...rest) => {
        const token = tokens[index];
        if (token?.info.trim() === 'mermaid') return diagramImages(token.content);
        return fence?.(tokens, index, ...rest) ?? '';
      };
    },
  },
  /** Examples and schemas that pages link to. */
  buildEnd({ outDir }) {
    for (const file of globSync('**/*.{yaml,json}', { cwd: docs })) {
      const copy = join(outDir, file);
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(join(docs, file), copy);
    }
  },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/guides/deployment.html', activeMatch: '/guides/' },
      { text: 'When it is broken', link: '/it-is-broken.html' },
      { text: 'Commands', link: '/reference/commands/', activeMatch: '/reference/commands/' },
    ],
    sidebar: sidebarOf(texts),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
    editLink: { pattern: `${repository}/edit/main/docs/:path`, text: 'Change this page' },
    footer: { message: 'Apache-2.0' },
  },
});
