import assert from 'node:assert/strict';
import { test } from 'node:test';

import { wordsOfPage } from '#src/domain/html-page.ts';

const rows: [name: string, text: string, words: string | undefined][] = [
  ['no page', 'the database is busy', undefined],
  ['nothing', '', undefined],
  ['JSON', '{"kind":"Status","message":"<html>"}', undefined],
  [
    'one of busybox',
    '<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\nThe requested URL was not found\n</BODY></HTML>\n',
    '404 Not Found',
  ],
  [
    'one with a doctype and a comment',
    '<!-- proxy -->\n<!DOCTYPE html>\n<html lang="en"><head><title>\n  Sign in &amp; go on </title></head></html>',
    'Sign in & go on',
  ],
  [
    'one without a title',
    '<html><head><style>p { color: red }</style></head><body><p>bad   gateway</p><script>x()</script></body></html>',
    'bad gateway',
  ],
  [
    'XHTML',
    '<?xml version="1.0" encoding="utf-8"?>\n\n<!-- a -->\n\n<!-- b --><!DOCTYPE  html PUBLIC "x">\n<title lang="en">no\nentry</title\n>',
    'no entry',
  ],
  [
    'markup between words, and characters by their names',
    '<body><p>&lt;a&gt;</p><p>said&nbsp;&quot;no&quot;</p>x<script type="a">y</script\n>z<style>s</style></body>',
    '<a> said "no" x z',
  ],
  ['a page without text', '<html>', ''],
];

for (const [name, text, words] of rows) {
  test(`the text of an HTML page: ${name}`, () => {
    assert.equal(wordsOfPage(text), words);
  });
}
