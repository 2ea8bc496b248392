import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  joinType,
  parseNames,
  parseObjects,
  resourceOf,
  type ObjectType,
} from '#src/domain/arguments/object-arguments.ts';
import { backupSessions } from '#src/api/resources.ts';
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
  ['backupsesion-1 1backupsession', ['any/backupsesion-1', 'any/1backupsession']],
  ['web', ['any/web']],
];

for (const [line, expected] of accepted) {
  test(`objects: ${line}`, () => {
    const found = parseObjects(line.split(' '), deletable).map(
      ({ type, name }) => `${type ?? 'any'}/${name}`,
    );
    assert.deepEqual(found, expected);
  });
}

const allowedTypes = 'write backupsession/NAME, restoresession/NAME or volumesnapshot/NAME';
const refused: [line: string, message: string, hint: string][] = [
  ['backupsession', 'backupsession is a type without a name', 'kubectl get backupsessions'],
  ['bc/a', '"bc" is not a type that this command takes', allowedTypes],
  ['deploy/a', '"deploy" is not a type that this command takes', allowedTypes],
  ['BackupSesion/a', '"BackupSesion" is not a type that this command takes', 'did you mean backupsession?'],
  ['backupsession/a b', 'TYPE NAME and TYPE/NAME cannot be mixed', 'write backupsession/NAME for each'],
  ['backupsession/', 'empty name of a backupsession', 'kubectl get backupsessions'],
  ['/a', '"" is not a type that this command takes', allowedTypes],
  ['backupsession/A', '"A" cannot be the name of a backupsession', 'kubectl get backupsessions'],
  ['backupsession/a/b', '"a/b" cannot be the name of a backupsession', 'kubectl get backupsessions'],
  [
    'backupsession.example.com/a',
    '"backupsession.example.com" is not a type that this command takes',
    'did you mean backupsessions?',
  ],
  ['vs/..', '".." cannot be the name of a volumesnapshot', 'kubectl get volumesnapshots'],
];

for (const [line, message, hint] of refused) {
  test(`objects, refused: ${line}`, () => {
    assert.throws(() => parseObjects(line.split(' '), deletable), { kind: 'usage', message, hint });
  });
}

test('the words of a command line that takes only one or two types', () => {
  assert.throws(() => parseObjects(['Deploy/a'], ['backupsession']), {
    hint: 'write backupsession/NAME, or NAME alone\nkubectl get backupsessions',
  });
  assert.throws(() => parseObjects(['Deploy/a'], ['backupsession', 'volumesnapshot']), {
    hint: 'write backupsession/NAME or volumesnapshot/NAME',
  });
});

test('a type stands before its names, or with each of them', () => {
  const isType = (word: string) => word === 'bc';
  assert.deepEqual(joinType(['bc', 'a', 'b'], isType), ['bc/a', 'bc/b']);
  for (const words of [['bc'], ['a', 'b'], ['bc', 'bc/a'], ['bc', 'a', 'bc/b'], []]) {
    assert.deepEqual(joinType(words, isType), words);
  }
  assert.equal(resourceOf('backupsession'), backupSessions);
});

test('a word that looks like a misspelt type is no name', () => {
  assert.throws(() => parseObjects(['backupsesion'], deletable), { hint: 'did you mean backupsession?' });
});

test('a name without a type is of the only type', () => {
  assert.deepEqual(parseNames(['a', 'bc/b', 'backupconfigurations/a'], 'backupconfiguration'), ['a', 'b']);
  assert.throws(() => parseNames(['backupsession/a'], 'backupconfiguration'), usage);
  assert.throws(() => parseNames(['/a'], 'backupconfiguration'), usage);
  assert.throws(() => parseNames([''], 'backupconfiguration'), usage);
});
