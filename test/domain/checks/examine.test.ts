import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupConfigurations, volumeSnapshots } from '#src/api/resources.ts';
import type { Check } from '#src/domain/checks/check.ts';
import { examine, listsOf } from '#src/domain/checks/examine.ts';
import { checks } from '#src/domain/checks/index.ts';
import { configuration, target } from '#test/domain/objects.ts';

import { facts, subject } from './facts.ts';

const said = (message: string) => [{ level: 'ok', message } as const];
const three: Check[] = [
  { name: 'one', of: 'target', lists: [volumeSnapshots], find: (_, seen) => said(seen.target.name) },
  {
    name: 'two',
    of: 'configuration',
    lists: [backupConfigurations, volumeSnapshots],
    find: (_, { metadata }) => said(metadata.name),
  },
  { name: 'three', of: 'namespace', find: ({ namespace }) => said(namespace) },
];
const other = configuration('other', { target: { ref: { kind: 'Deployment', name: 'web' } } });
const backupconfigurations = [configuration('nightly'), other, configuration('files', { driver: 'Restic' })];

test('namespace, configurations and targets are examined, and a target of two configurations is told of once', () => {
  const found = examine(three, facts({ lists: { backupconfigurations } }), [subject(), subject()]);
  assert.deepEqual(
    found.map(({ check, about, message }) => [check, about, message]),
    [
      ['three', undefined, 'demo'],
      ['two', 'backupconfiguration/nightly', 'nightly'],
      ['two', 'backupconfiguration/other', 'other'],
      ['one', 'statefulset/db', 'db'],
    ],
  );
});

test('a configuration is examined with the subject that is its own', () => {
  const [nightly] = backupconfigurations;
  const told: Check = {
    name: 'told',
    of: 'configuration',
    find: (_, __, seen) => said(seen?.configuration?.metadata.name ?? 'none'),
  };
  const found = examine([told], facts({ lists: { backupconfigurations } }), [
    subject(),
    subject({ configuration: nightly }),
  ]);
  assert.deepEqual(
    found.map(({ about, message }) => [about, message]),
    [
      ['backupconfiguration/nightly', 'nightly'],
      ['backupconfiguration/other', 'none'],
    ],
  );
});

test('where a target is named, only its configurations are examined', () => {
  const found = examine(three, facts({ target, lists: { backupconfigurations } }), []);
  assert.deepEqual(
    found.map(({ message }) => message),
    ['demo', 'nightly'],
  );
});

test('what is read for the checks is named once', () => {
  assert.deepEqual(listsOf(three), [volumeSnapshots, backupConfigurations]);
});

test('each check has a name of its own', () => {
  const names = checks.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
