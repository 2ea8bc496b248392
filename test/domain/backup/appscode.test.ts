/** What is refused because AppsCode's operator would do it wrongly. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  appscodeClass,
  classForAppscode,
  refuseFailFast,
  refuseKeepFlags,
  refuseMarks,
  retentionBesideAppscode,
} from '#src/domain/backup/appscode.ts';
import { refuse } from '#src/domain/finding.ts';
import { StashError } from '#src/errors.ts';

import { claim, configuration, target } from '#test/domain/objects.ts';

const planned = (...classes: (string | undefined)[]) =>
  classes.map((snapshotClass, index) => ({ claim: claim(`data-${index}`), snapshotClass }));
const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' };
const naming = (snapshotClassName?: string) =>
  configuration('nightly', {
    target: { ref, ...(snapshotClassName !== undefined && { snapshotClassName }) },
  });

function thrown(run: () => unknown): [kind: string, message: string, hint: string | undefined] {
  try {
    run();
  } catch (error) {
    assert(error instanceof StashError);
    return [error.kind, error.message, error.hint];
  }
  return assert.fail('not refused');
}

test("the class for AppsCode's operator is the one of all claims, unless its configuration names another", () => {
  assert.equal(classForAppscode(target, planned('fast', 'fast'), undefined), 'fast');
  assert.deepEqual(appscodeClass(target, planned('fast'), naming('fast')), { value: 'fast' });
  const hint = 'set spec.target.snapshotClassName: fast in it, or use another with --config';
  const refused = (named?: string) => thrown(() => classForAppscode(target, planned('fast'), naming(named)));
  assert.deepEqual(refused(), [
    'precondition',
    'backupconfiguration/nightly names no snapshot class; its operator would not use fast',
    hint,
  ]);
  assert.deepEqual(refused('slow'), [
    'precondition',
    'backupconfiguration/nightly names snapshot class slow; its operator would not use fast',
    hint,
  ]);
  assert.match(
    thrown(() =>
      classForAppscode(target, planned('fast'), {
        ...naming(),
        spec: { retentionPolicy: { name: 'keep-all', prune: false } },
      }),
    )[1],
    /names no snapshot class/,
  );
});

test("claims and workloads that AppsCode's operator cannot snapshot together are to be snapshotted one by one", () => {
  const each = 'kubectl stash snapshot pvc/data-0 pvc/data-1 -n demo';
  assert.deepEqual(
    thrown(() => classForAppscode(target, planned('fast', 'slow'), undefined)),
    [
      'precondition',
      "the claims of statefulset/db need 2 snapshot classes (fast, slow), and AppsCode's operator uses one for all",
      `snapshot each claim by itself:\n${each}`,
    ],
  );
  assert.deepEqual(
    thrown(() => classForAppscode({ ...target, kind: 'ReplicaSet' }, planned('fast', 'fast'), undefined)),
    [
      'precondition',
      "AppsCode's operator cannot snapshot a ReplicaSet",
      `snapshot the Deployment that owns it, or its claims:\n${each}`,
    ],
  );
  for (const none of [planned(undefined), []])
    assert.deepEqual(
      thrown(() => classForAppscode(target, none, undefined)),
      [
        'precondition',
        "AppsCode's operator needs the name of a snapshot class, and you are not allowed to list them",
        'add --snapshot-class NAME',
      ],
    );
});

test("flags that AppsCode's operator would not follow are refused", () => {
  const rows: [() => never, RegExp, hint: string][] = [
    [
      refuseKeepFlags,
      /may delete snapshots that --keep-\* keeps$/,
      "leave out --keep-*; AppsCode's operator follows spec.retentionPolicy of the BackupConfiguration",
    ],
    [refuseMarks, /also to those with --pin or --keep-until$/, 'leave out --pin and --keep-until'],
    [
      refuseFailFast,
      /--fail-fast is not supported$/,
      'leave out --fail-fast; --timeout says how long this command waits',
    ],
  ];
  for (const [flag, message, hint] of rows) {
    const [kind, said, hinted] = thrown(flag);
    assert.equal(kind, 'precondition');
    assert.match(said, message);
    assert.equal(hinted, hint);
  }
});

test("a retention policy that deletes is refused beside AppsCode's operator", () => {
  assert.deepEqual(retentionBesideAppscode(undefined), []);
  assert.deepEqual(retentionBesideAppscode({ name: 'keep-all', prune: false }), []);
  assert.deepEqual(
    thrown(() => {
      refuse(retentionBesideAppscode({ name: 'keep-1', prune: true, keepLast: 1 }));
    }),
    [
      'precondition',
      "AppsCode's Stash operator runs here, and its retention policy deletes snapshots of any origin",
      'use --keep-all in place of the --keep flags',
    ],
  );
});
