/** `docs/rbac.md` lists exactly the permissions that `kubectl stash install` grants to the operator and its Jobs. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Role } from '#src/api/kubernetes.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import { permissionsOf } from '#test/support/documented-rights.ts';

const markdown = await readFile(join(import.meta.dirname, '../../docs/rbac.md'), 'utf8');
const roles = operatorManifests({
  ...{ namespace: 'kubectl-stash', image: '', replicas: 2, runSessions: 'in-jobs', version: 'v0.1.0' },
})
  .map(({ object }) => object as unknown as Role)
  .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');

for (const { kind, metadata, rules } of roles) {
  const heading = `${kind} ${metadata.name ?? ''}`;
  test(`${heading}: the table lists each permission and its reason`, () => {
    const rows = rowsBelow(heading);
    const told = rows.flatMap(([resources = '', verbs = '']) =>
      resources.split(', ').flatMap((resource) => verbs.split(', ').map((verb) => `${verb} ${resource}`)),
    );
    assert.deepEqual(told.sort(), permissionsOf(rules).sort());
    for (const [resources = '', , reason = ''] of rows) assert.notEqual(reason, '', resources);
    for (const name of rules.flatMap(({ resourceNames = [] }) => resourceNames)) {
      assert.ok(
        rows.some(([, , reason]) => reason?.includes(`\`${name}\``)),
        `only ${name}`,
      );
    }
  });
}

/** Rows of the table below a second-level heading, as cells. */
function rowsBelow(heading: string): string[][] {
  const section = markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}
