/** Every address of the documentation that the program prints is that of a page of the site, and of a heading there. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { documentation, site } from '#src/domain/documentation.ts';

import { anchorsOf } from '../../cmd/site/heading-anchor.ts';

const root = join(import.meta.dirname, '../..');
const sources = globSync('src/**/*.ts', { cwd: root }).map(
  (path) => [path, readFileSync(join(root, path), 'utf8')] as const,
);

test('the address of a page, of a folder and of a heading', () => {
  const pages = ['guides/pvc.md', 'install/README.md', 'disasters/index.md', 'rbac.md#roles'] as const;
  assert.deepEqual(
    pages.map((page) => documentation(page).replace(site, '')),
    ['guides/pvc.html', 'install/', 'disasters/', 'rbac.html#roles'],
  );
});

describe('each page whose address is printed', () => {
  const named = sources.flatMap(([path, text]) =>
    [...text.matchAll(/\bdocumentation\(\s*([^)]*)\)/g)].map(([, page = '']) => [path, page] as const),
  );
  const printed = named.filter(([path]) => path !== 'src/domain/documentation.ts');
  assert.ok(printed.length > 0);
  for (const [path, words] of printed) {
    test(`${path}: ${words}`, () => {
      const [, page = '', anchor] = /^'([^'#]+\.md)(?:#([^']+))?'$/.exec(words) ?? [];
      const file = join(root, 'docs', page);
      assert.ok(page !== '' && existsSync(file), `docs has no page ${words}`);
      if (anchor !== undefined) assert.ok(anchorsOf(readFileSync(file, 'utf8')).has(anchor));
    });
  }
});

test('no text that is printed names a page by its path in this repository', () => {
  const found = sources.flatMap(([path, text]) =>
    [...withoutComments(text).matchAll(/^.*(?<!\/)\bdocs\/.*$/gm)].map(([line]) => `${path}: ${line}`),
  );
  assert.deepEqual(found, []);
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}
