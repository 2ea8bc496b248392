/** Where the relative links of a page lead in the site. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pageLink } from '#src/domain/documentation.ts';

import { siteLink, type Look } from '../../../cmd/site/site-links.ts';

const there: Readonly<Record<string, 'file' | 'folder'>> = {
  'CONTRIBUTING.md': 'file',
  'src/api': 'folder',
  'docs/rbac.md': 'file',
  'docs/rbac/developer.yaml': 'file',
  'docs/adr': 'folder',
  'docs/install': 'folder',
  'docs/install/README.md': 'file',
  'docs/guides/pvc.md': 'file',
};
const look: Look = (path) => there[path];
const repository = 'https://github.com/kubectl-stash/kubectl-stash';

for (const [link, expected] of [
  ['pvc.md', '/guides/pvc.html'],
  ['../rbac.md#the-role', '/rbac.html#the-role'],
  ['../rbac/developer.yaml', '/rbac/developer.yaml'],
  ['../install/README.md#image', '/install/#image'],
  ['../install/', '/install/'],
  ['../adr', `${repository}/tree/main/docs/adr`],
  ['../../CONTRIBUTING.md#test', `${repository}/blob/main/CONTRIBUTING.md#test`],
  ['../../src/api', `${repository}/tree/main/src/api`],
  ['#below', '#below'],
  ['https://stash.run', 'https://stash.run'],
  ['absent.md', 'absent.md'],
] as const) {
  test(`${link} of docs/guides/pvc.md`, () => {
    assert.equal(siteLink('guides/pvc.md', link, look), expected);
  });
}

test('the README of a folder is its first page', () => {
  assert.equal(pageLink('README.md'), '/');
  assert.equal(pageLink('install/README.md'), '/install/');
  assert.equal(pageLink('disasters/index.md'), '/disasters/');
  assert.equal(pageLink('reference/api/x.md'), '/reference/api/x.html');
});
