import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseConfigurations } from '#src/domain/arguments/configuration-arguments.ts';

const web = { target: { kind: 'Deployment', name: 'web' } };
const db = { target: { kind: 'StatefulSet', name: 'db' } };

const accepted = [
  { line: 'a bc/b', expected: [{ name: 'a' }, { name: 'b' }] },
  { line: 'bc a b', expected: [{ name: 'a' }, { name: 'b' }] },
  { line: 'backupconfiguration.stash.appscode.com/a', expected: [{ name: 'a' }] },
  { line: 'deploy/web StatefulSet/db a', expected: [web, db, { name: 'a' }] },
  { line: 'deployments.apps/web', expected: [web] },
  { line: 'deploy web', expected: [web] },
  { line: 'web db', expected: [{ name: 'web' }, { name: 'db' }] },
  { line: 'deploy', expected: [{ name: 'deploy' }] },
];

for (const { line, expected } of accepted) {
  test(`configurations: ${line}`, () => {
    assert.deepEqual(parseConfigurations(line.split(' ')), expected);
  });
}

for (const line of [
  'pod/x',
  'deploy/',
  'deploy.example.com/x',
  'bc/',
  '/x',
  'bc/A_B',
  'backupsession/a',
  'a/b/c',
]) {
  test(`configurations, refused: ${line}`, () => {
    assert.throws(() => parseConfigurations([line]), { kind: 'usage' });
  });
}
