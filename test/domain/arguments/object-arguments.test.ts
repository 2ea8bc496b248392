import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseNames, parseObjects, type ObjectType } from '#src/domain/arguments/object-arguments.ts';
import { isStashError } from '#src/errors.ts';

const deletable: readonly ObjectType[] = ['backupsession', 'restoresession', 'volumesnapshot'];
const usage = (error: unknown) => isStashError(error, 'usage') && error.hint !== undefined;

const accepted: [string, string[]][] = [
  ['backupsession a', ['backupsession/a']],
  ['backupsessions a b a', ['backupsession/a', 'backupsession/b']],
  ['BackupSession/a vs/b', ['backupsession/a', 'volumesnapshot/b']],
  ['backupsession.stash.appscode.com/a', ['backupsession/a']],
  ['backupsessions.v1beta1.stash.appscode.com/a', ['backupsession/a']],
  ['volumesnapshot.snapshot.storage.k8s.io/a', ['volumesnapshot/a']],
  ['restore/a restoresession/a', ['restoresession/a']],
  ['deploy-foo-1 data.db-1 deploy-foo-1', ['any/deploy-foo-1', 'any/data.db-1']],
  ['restore-1', ['any/restore-1']],
];

for (const [line, expected] of accepted) {
  test(`objects: ${line}`, () => {
    const found = parseObjects(line.split(' '), deletable).map(
      ({ type, name }) => `${type ?? 'any'}/${name}`,
    );
    assert.deepEqual(found, expected);
  });
}

const refused = [
  'backupsession',
  'bc/a',
  'deploy/a',
  'backupsession/a b',
  'backupsession/',
  '/a',
  'backupsession/A',
  'backupsession/a/b',
  'backupsession.example.com/a',
  'vs/..',
];

for (const line of refused) {
  test(`objects, refused: ${line}`, () => {
    assert.throws(() => parseObjects(line.split(' '), deletable), usage);
  });
}

test('a word that looks like a misspelt type is no name', () => {
  assert.throws(() => parseObjects(['backupsesion'], deletable), { hint: 'did you mean backupsession?' });
});

test('a name without a type is of the only type', () => {
  assert.deepEqual(parseNames(['a', 'bc/b', 'backupconfigurations/a'], 'backupconfiguration'), ['a', 'b']);
  assert.throws(() => parseNames(['backupsession/a'], 'backupconfiguration'), usage);
  assert.throws(() => parseNames([''], 'backupconfiguration'), usage);
});
