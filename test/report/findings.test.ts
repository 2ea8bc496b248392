import assert from 'node:assert/strict';
import { test } from 'node:test';

import { storageClasses } from '#src/api/resources.ts';
import type { Diagnosis } from '#src/domain/checks/examine.ts';
import { findingList, findingPage, findingTable } from '#src/report/findings.ts';

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
      '1 fail, 1 warn, 1 unknown, 1 ok',
      '',
    ].join('\n'),
  );
});

test('of many namespaces, what is not ok, by namespace', () => {
  const [ok, fail] = found;
  assert.ok(ok && fail);
  assert.equal(
    findingPage([ok, { ...ok, namespace: 'a' }, { ...fail, namespace: 'b' }], { namespaces: 2, ok: 3 }),
    [
      'NAMESPACE   LEVEL   CHECK    OBJECT           FINDING',
      'b           fail    claims   deployment/web   claim data is lost',
      '  hint: look at it:',
      '        kubectl get pvc',
      '2 namespaces examined: 1 fail, 0 warn, 0 unknown, 5 ok',
      '',
    ].join('\n'),
  );
  assert.equal(
    findingPage([ok], { namespaces: 1, ok: 0 }),
    '1 namespace examined: 0 fail, 0 warn, 0 unknown, 1 ok\n',
  );
});

test('of many namespaces, what is found of several objects in the same words is one row', () => {
  const lost = { check: 'csi-driver', level: 'warn', message: 'driver is on no node' } as const;
  const of = (namespace: string, about: string) => ({ ...lost, namespace, about });
  const all = [
    of('a', 'deployment/x'),
    { ...of('a', 'deployment/y'), fix: 'do' },
    of('a', 'deployment/z'),
    of('b', 'deployment/x'),
  ];
  assert.equal(
    findingPage(all, { namespaces: 2, ok: 0 }),
    [
      'NAMESPACE      LEVEL   CHECK        OBJECT                    FINDING',
      'a and 1 more   warn    csi-driver   deployment/x and 2 more   driver is on no node',
      'a              warn    csi-driver   deployment/y              driver is on no node',
      '  fix: do',
      '2 namespaces examined: 0 fail, 4 warn, 0 unknown, 0 ok',
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
