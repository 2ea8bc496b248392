import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupConfigurations, volumeSnapshots } from '#src/api/resources.ts';
import type { Check, Subject } from '#src/domain/checks/check.ts';
import { examineCluster, examineNamespace, listsOf, type Diagnosis } from '#src/domain/checks/examine.ts';
import { checks } from '#src/domain/checks/index.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import { configuration, target } from '#test/domain/objects.ts';

import { facts, subject, type Changes } from './facts.ts';

function examine(run: readonly Check[], changes: Changes, subjects: readonly Subject[]): Diagnosis[] {
  const seen = facts(changes);
  const cluster = examineCluster(run, seen);
  return [...cluster.diagnoses, ...examineNamespace(run, seen, subjects, cluster)];
}

const about = 'a check of this test';
const said = (message: string): Finding[] => [{ level: 'ok', message }];
const four: Check[] = [
  { name: 'one', about, of: 'target', lists: [volumeSnapshots], find: (_, seen) => said(seen.target.name) },
  {
    name: 'two',
    about,
    of: 'configuration',
    lists: [backupConfigurations, volumeSnapshots],
    find: (_, { metadata }) => said(metadata.name),
  },
  { name: 'three', about, of: 'namespace', find: ({ namespace }) => said(namespace) },
  { name: 'four', about, of: 'cluster', find: ({ groups }) => said(groups[0] ?? '') },
];
const nightly = configuration('nightly');
const other = configuration('other', { target: { ref: { kind: 'Deployment', name: 'web' } } });
const backupconfigurations = [nightly, other, configuration('files', { driver: 'Restic' })];
const lists = { backupconfigurations };

test('cluster, namespace, and each configuration with its target are examined in turn', () => {
  const found = examine(four, { lists }, [subject({ configuration: nightly })]);
  assert.deepEqual(
    found.map((each) => [each.check, each.namespace, each.about, each.message]),
    [
      ['four', undefined, undefined, 'stash.appscode.com'],
      ['three', 'demo', undefined, 'demo'],
      ['one', 'demo', 'statefulset/db', 'db'],
      ['two', 'demo', 'backupconfiguration/nightly', 'nightly'],
      ['two', 'demo', 'backupconfiguration/other', 'other'],
    ],
  );
});

test('a target of two configurations is told of once', () => {
  const again = configuration('again');
  const found = examine(four.slice(0, 1), { lists: { backupconfigurations: [nightly, again] } }, [
    subject({ configuration: nightly }),
    subject({ configuration: again }),
  ]);
  assert.deepEqual(
    found.map(({ message }) => message),
    ['db'],
  );
});

test('where a target is named, only its configurations are examined', () => {
  const found = examine(four, { target, lists }, []);
  assert.deepEqual(
    found.map(({ message }) => message),
    ['stash.appscode.com', 'demo', 'nightly'],
  );
});

/** Fails or cannot tell, after the others. */
function made(name: string, of: Check['of'], finding: Finding, ...after: string[]): Check {
  return { name, about, of, after, find: () => [finding] };
}

const broken = (message: string) => failure('precondition', message);
const blind: Finding = { level: 'unknown', message: 'needs list secrets' };
const found = (run: readonly Check[], subjects: readonly Subject[] = [subject()]) =>
  examine(run, {}, subjects).map(({ check }) => check);

test('the consequences of a failure are left out, and theirs', () => {
  const chain = [
    made('cause', 'cluster', broken('no controller')),
    made('near', 'namespace', broken('no content'), 'cause'),
    made('far', 'target', broken('no point'), 'near'),
    made('apart', 'target', broken('no claim')),
  ];
  assert.deepEqual(found(chain), ['cause', 'apart']);
});

test('a failure of one target has no consequence for another', () => {
  const web = subject({ target: { ...target, name: 'web' } });
  const run: Check[] = [
    {
      name: 'cause',
      about,
      of: 'target',
      find: (_, { target: { name } }) => (name === 'web' ? [broken('no claim')] : []),
    },
    made('after', 'target', broken('no point'), 'cause'),
  ];
  const diagnoses = examine(run, {}, [subject(), web]);
  assert.deepEqual(
    diagnoses.map((each) => [each.check, each.about]),
    [
      ['after', 'statefulset/db'],
      ['cause', 'statefulset/web'],
    ],
  );
});

test('a warning has no consequences', () => {
  const run = [
    made('cause', 'namespace', { ...broken('slow'), level: 'warn' }),
    made('after', 'target', broken('no point'), 'cause'),
  ];
  assert.deepEqual(found(run), ['cause', 'after']);
});

test('that a right is missing is told once where several checks need it', () => {
  const run = [made('one', 'target', blind), made('two', 'target', blind), made('three', 'target', blind)];
  assert.deepEqual(found(run), ['one']);
  const web = subject({ target: { ...target, name: 'web' } });
  const diagnoses = examine([made('one', 'target', blind)], {}, [subject(), web]);
  assert.deepEqual(
    diagnoses.map((each) => each.about),
    [undefined],
  );
});

test('what is read for the checks is named once', () => {
  assert.deepEqual(listsOf(four), [volumeSnapshots, backupConfigurations]);
});

test('each check has a name of its own, and comes after its causes', () => {
  const names = checks.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const [index, { name, after = [] }] of checks.entries()) {
    for (const cause of after) assert.ok(names.slice(0, index).includes(cause), `${name} after ${cause}`);
  }
});

/** A check runs with the cluster, then with the namespace, then with each configuration and target. */
test('no check is after one that runs later than itself', () => {
  const stages = { cluster: 0, namespace: 1, configuration: 2, target: 2 } as const;
  const stageOf = new Map(checks.map(({ name, of }) => [name, stages[of]]));
  for (const { name, of, after = [] } of checks) {
    for (const cause of after) assert.ok((stageOf.get(cause) ?? 3) <= stages[of], `${name} after ${cause}`);
  }
});
