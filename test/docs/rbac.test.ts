/** `docs/rbac.md` lists exactly the permissions that `docs/rbac/*.yaml` grant. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { load } from 'js-yaml';

import { userRoles } from '#src/domain/install/user-roles.ts';
import { permissionsOf, readRights } from '#test/support/documented-rights.ts';
import type { Role } from '#test/support/rbac.ts';

const docs = join(import.meta.dirname, '../../docs');
const markdown = await readFile(join(docs, 'rbac.md'), 'utf8');

for (const [file, { kind, name, rules }] of Object.entries(userRoles)) {
  test(`${file}.yaml is the role that \`sandbox --as\` grants`, async () => {
    const documented = load(await readFile(join(docs, 'rbac', `${file}.yaml`), 'utf8')) as Role;
    const { metadata } = documented;
    assert.deepEqual([documented.kind, metadata.name, documented.rules], [kind, name, rules]);
  });
}

for (const [files, heading] of [
  [['developer.yaml'], 'The Role, verb by verb'],
  [['schedules.yaml', 'hooks-and-deletions.yaml'], 'The optional Roles, verb by verb'],
  [['classes.yaml'], 'The ClusterRole'],
] as const) {
  test(`${files.join(', ')} and the table list the same verbs`, async () => {
    const texts = await Promise.all(files.map((file) => readFile(join(docs, 'rbac', file), 'utf8')));
    const rules = texts.flatMap((text) => (load(text) as Role).rules);
    const told = readRights(markdown, heading).map(({ verb, resource }) => `${verb} ${resource}`);
    assert.deepEqual(told.sort(), permissionsOf(rules).sort());
    assert.equal(new Set(told).size, told.length, 'each once');
  });
}
