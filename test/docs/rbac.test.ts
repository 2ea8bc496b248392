/** `docs/rbac.md` lists exactly the permissions that `docs/rbac/*.yaml` grant. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { loadAll } from 'js-yaml';

import { formatRight } from '#src/domain/rights.ts';
import { targetKinds } from '#src/domain/workload/kinds.ts';
import { probeRights } from '#src/session/probe/plan-probe.ts';
import { rightsForFiles, rightsForInPlace } from '#src/session/plan/rights-needed.ts';
import { userRoles } from '#src/domain/install/user-roles.ts';
import { permissionsOf } from '#test/support/documented-rights.ts';
import type { Role } from '#test/support/rbac.ts';

import { readRights } from '../../cmd/docs/documented-rights.ts';

const docs = join(import.meta.dirname, '../../docs');
const markdown = await readFile(join(docs, 'rbac.md'), 'utf8');

test('`sandbox --as` grants the roles of all files', async () => {
  const files = (await readdir(join(docs, 'rbac'))).filter((file) => file !== 'in-place-policy.yaml');
  const documented = await Promise.all(
    files.map(async (file) => {
      const roles = loadAll(await readFile(join(docs, 'rbac', file), 'utf8')) as Role[];
      return roles.map(({ kind, metadata: { name }, rules }) => [file, kind, name, rules]);
    }),
  );
  const granted = userRoles.map(({ file, kind, name, rules }) => [`${file}.yaml`, kind, name, rules]);
  const byFile = (a: unknown[], b: unknown[]) => String(a[0]).localeCompare(String(b[0]));
  assert.deepEqual(granted.sort(byFile), documented.flat().sort(byFile));
});

for (const [files, heading] of [
  [['developer.yaml'], 'The Role, verb by verb'],
  [['schedules.yaml', 'hooks-and-deletions.yaml'], 'The optional Roles, verb by verb'],
  [['classes.yaml'], 'The ClusterRole'],
  [['doctor.yaml'], 'Doctor, verb by verb'],
  [['files.yaml'], 'Files of restore points, verb by verb'],
  [['probe.yaml'], 'Probe, verb by verb'],
  [['in-place.yaml'], 'Restore in place, verb by verb'],
] as const) {
  test(`${files.join(', ')} and the table list the same verbs`, async () => {
    const texts = await Promise.all(files.map((file) => readFile(join(docs, 'rbac', file), 'utf8')));
    const rules = texts.flatMap((text) => (loadAll(text) as Role[]).flatMap((role) => role.rules));
    const told = readRights(markdown, heading).map(({ verb, resource }) => `${verb} ${resource}`);
    assert.deepEqual(told.sort(), permissionsOf(rules).sort());
    assert.equal(new Set(told).size, told.length, 'each once');
  });
}

test('in-place.yaml and developer.yaml grant what a restore in place asks for', async () => {
  const texts = await Promise.all(
    ['developer.yaml', 'in-place.yaml'].map((file) => readFile(join(docs, 'rbac', file), 'utf8')),
  );
  const granted = new Set(
    permissionsOf(texts.flatMap((text) => (loadAll(text) as Role[]).flatMap((role) => role.rules))),
  );
  const scalable = targetKinds.filter((kind) => !['DaemonSet', 'PersistentVolumeClaim'].includes(kind));
  const rights = [
    ...targetKinds.flatMap((kind) => rightsForInPlace(kind, 'gate')),
    ...scalable.flatMap((kind) => rightsForInPlace(kind, 'scale')),
  ];
  for (const right of rights) assert.ok(granted.has(formatRight(right)), formatRight(right));
});

test('files.yaml and developer.yaml grant what reading files asks for', async () => {
  const texts = await Promise.all(
    ['developer.yaml', 'files.yaml'].map((file) => readFile(join(docs, 'rbac', file), 'utf8')),
  );
  const granted = new Set(
    permissionsOf(texts.flatMap((text) => (loadAll(text) as Role[]).flatMap((role) => role.rules))),
  );
  for (const right of rightsForFiles) assert.ok(granted.has(formatRight(right)), formatRight(right));
});

test('probe.yaml, developer.yaml and classes.yaml grant what a probe asks for', async () => {
  const texts = await Promise.all(
    ['developer.yaml', 'classes.yaml', 'probe.yaml'].map((file) =>
      readFile(join(docs, 'rbac', file), 'utf8'),
    ),
  );
  const granted = new Set(
    permissionsOf(texts.flatMap((text) => (loadAll(text) as Role[]).flatMap((role) => role.rules))),
  );
  for (const right of probeRights) assert.ok(granted.has(formatRight(right)), formatRight(right));
});

test('the policy and in-place.yaml name the same group', async () => {
  const policy = await readFile(join(docs, 'rbac/in-place-policy.yaml'), 'utf8');
  const [, group] = /'(.+)' in request\.userInfo\.groups/.exec(policy) ?? [];
  const binding = `kubectl create clusterrolebinding stash-in-place --clusterrole=kubectl-stash-in-place --group=${group ?? ''}\n`;
  assert.ok(markdown.includes(binding));
  assert.ok((await readFile(join(docs, 'rbac/in-place.yaml'), 'utf8')).includes(binding));
});
