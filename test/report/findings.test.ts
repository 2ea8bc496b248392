import assert from 'node:assert/strict';
import { test } from 'node:test';

import { storageClasses } from '#src/api/resources.ts';
import type { Diagnosis } from '#src/domain/checks/examine.ts';
import { findingList, findingTable } from '#src/report/findings.ts';

const found: Diagnosis[] = [
  { check: 'api', level: 'ok', message: 'the server serves it' },
  {
    ...{ check: 'claims', level: 'fail', kind: 'precondition', about: 'deployment/web' },
    ...{ message: 'claim \u001b[31mdata is lost', hint: 'look at it:\nkubectl get pvc' },
  },
  {
    check: 'schedule',
    level: 'warn',
    about: 'x',
    message: 'paused',
    fix: 'kubectl stash resume x',
    hint: 'or',
  },
  {
    ...{ check: 'classes', level: 'unknown', message: 'needs list storageclasses' },
    right: { verb: 'list', resource: storageClasses },
  },
];

test('a row for each finding, and under it the fix, or else the hint', () => {
  assert.equal(
    findingTable(found),
    [
      'LEVEL     CHECK      OBJECT           FINDING',
      'ok        api                         the server serves it',
      'fail      claims     deployment/web   claim data is lost',
      '  hint: look at it:',
      '        kubectl get pvc',
      'warn      schedule   x                paused',
      '  fix: kubectl stash resume x',
      'unknown   classes                     needs list storageclasses',
      '',
    ].join('\n'),
  );
});

test('programs get all of it', () => {
  const of = { apiVersion: 'cli.stash.appscode.com/v1alpha1', kind: 'Finding' };
  assert.deepEqual(findingList(found), {
    ...of,
    kind: 'FindingList',
    items: [
      { ...of, check: 'api', level: 'ok', message: 'the server serves it' },
      {
        ...{ ...of, check: 'claims', level: 'fail', object: 'deployment/web' },
        ...{ message: 'claim \u001b[31mdata is lost', hint: 'look at it:\nkubectl get pvc' },
      },
      {
        ...{ ...of, check: 'schedule', level: 'warn', object: 'x', message: 'paused' },
        ...{ fix: 'kubectl stash resume x', hint: 'or' },
      },
      {
        ...{ ...of, check: 'classes', level: 'unknown', message: 'needs list storageclasses' },
        right: 'list storageclasses.storage.k8s.io',
      },
    ],
  });
});
