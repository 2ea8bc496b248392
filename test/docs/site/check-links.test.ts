/** The check of the built site finds each kind of link that leads nowhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkLinks } from '../../../cmd/site/check-links.ts';
import { readCss, readHtml } from '../../../cmd/site/read-html.ts';

const github = 'https://github.com/kubectl-stash/kubectl-stash';

/** What is found on a page with this content. */
function found(html: string, css = ''): readonly string[] {
  return checkLinks({
    base: '/base/',
    pages: new Map([
      ['guides/a.html', readHtml(html)],
      ['index.html', readHtml('<h2 id="top">x</h2>')],
    ]),
    styles: new Map([['assets/style.css', readCss(css)]]),
    files: new Set(['guides/a.html', 'index.html', 'assets/style.css', 'assets/a.png', 'rbac/a.yaml']),
    inRepository: (path) => ({ 'README.md': '# Try it\n```\n# not this\n```\n', src: '' })[path],
  }).problems;
}

test('sound links', () => {
  const html = `<h1 id="here">x</h1><a href="#here"></a><a href="/base/#top"></a><a href="../index.html#top"></a>
    <a href="/base/rbac/a.yaml"></a><a href="https://example.com/x"></a><a href="${github}/blob/main/README.md#try-it"></a>
    <a href="${github}/tree/main/src"></a><a href="${github}/issues"></a><img src="/base/assets/a.png"><img src="data:x">
    <link rel="stylesheet" href="/base/assets/style.css">`;
  assert.deepEqual(found(html, '@font-face { src: url("./a.png") }'), []);
});

for (const [html, problem] of [
  ['<a href="#gone">', '#gone: guides/a.html has no such anchor'],
  ['<a href="/base/#gone">', '/base/#gone: index.html has no such anchor'],
  ['<a href="b.html">', 'b.html: does not exist'],
  ['<a href="/other/">', '/other/: is outside of /base/'],
  ['<img src="../assets/b.png">', '../assets/b.png: does not exist'],
  [
    '<script src="https://cdn.example.com/a.js">',
    'https://cdn.example.com/a.js: is loaded from another host',
  ],
  ['<link href="//fonts.example.com/a">', '//fonts.example.com/a: is loaded from another host'],
  [`<a href="${github}/blob/main/gone.md">`, `${github}/blob/main/gone.md: the repository has no gone.md`],
  [
    `<a href="${github}/blob/main/README.md#not-this">`,
    `${github}/blob/main/README.md#not-this: README.md has no such heading`,
  ],
] as const) {
  test(html, () => {
    assert.deepEqual(found(html), [`guides/a.html: ${problem}`]);
  });
}

test('what a style sheet loads', () => {
  assert.deepEqual(found('', '@import "https://a.example/x.css"; a { background: url(b.png) }'), [
    'assets/style.css: https://a.example/x.css: is loaded from another host',
    'assets/style.css: b.png: does not exist',
  ]);
});
