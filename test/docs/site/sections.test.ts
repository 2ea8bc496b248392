/** The sidebar of the site contains every page of `docs` once. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { project } from '../../../cmd/package/project.ts';
import { arrange, frontPage, sections, type ArrangedSection } from '../../../cmd/site/sections.ts';
import { nameOf } from '../../../cmd/site/sidebar.ts';

const pagesOf = ({ pages, groups }: ArrangedSection): string[] => [...pages, ...groups.flatMap(pagesOf)];

test('every page of docs is in one section', () => {
  const pages = globSync('**/*.md', { cwd: join(project, 'docs') });
  const arranged = arrange(sections, pages).flatMap(pagesOf);
  assert.deepEqual(arranged.sort(), pages.filter((page) => page !== frontPage).sort());
});

const some = [
  { title: 'One', pages: ['a.md', 'b/second.md', 'b/*.md'] },
  { title: 'Two', pages: ['c*.md'], groups: [{ title: 'Inner', pages: ['d/*.md'] }] },
];

test('entries keep their order, a pattern takes what is left, and sections without pages are left out', () => {
  assert.deepEqual(arrange(some, ['b/first.md', 'a.md', 'b/second.md', 'index.md']), [
    { title: 'One', pages: ['a.md', 'b/second.md', 'b/first.md'], groups: [] },
  ]);
});

test('a page without section and an entry without page are errors', () => {
  assert.throws(() => arrange(some, ['a.md', 'x/y.md']), {
    message:
      'cmd/site/sections.ts names docs/b/second.md, which does not exist\n' +
      'docs/x/y.md is in no section of cmd/site/sections.ts',
  });
});

test('a page is named by its heading', () => {
  assert.equal(nameOf('<!-- x -->\n\n# What `doctor` checks\n\n# Other\n'), 'What doctor checks');
  assert.equal(nameOf('# kubectl stash list schedules\n'), 'list schedules');
  assert.equal(nameOf('# Snapshot and restore the volumes of a Deployment\n'), 'A Deployment');
  assert.equal(
    nameOf('# Snapshot and restore all workloads of a namespace\n'),
    'All workloads of a namespace',
  );
});
