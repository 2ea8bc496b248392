import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseConfigurations } from '#src/domain/arguments/configuration-arguments.ts';

test('configurations by their names', () => {
  assert.deepEqual(parseConfigurations(['a', 'bc/b', 'a'], undefined), ['a', 'b']);
});

const targets = [
  ['deploy/x', 'deploy-x'],
  ['StatefulSet/db', 'sts-db'],
  ['deployments.apps/x', 'deploy-x'],
  ['pvc/data', 'pvc-data'],
] as const;

for (const [word, name] of targets) {
  test(`${word} is refused with the name of its configuration`, () => {
    assert.throws(() => parseConfigurations(['a', word], 'prod'), {
      kind: 'usage',
      hint: `it is ${name}, unless it was given another name; list all of them:\nkubectl get backupconfigurations -n prod`,
    });
  });
}

for (const word of ['pod/x', 'deploy/', 'deploy.example.com/x']) {
  test(`${word} is refused as a type that this command does not take`, () => {
    assert.throws(() => parseConfigurations([word], undefined), { kind: 'usage' });
  });
}
