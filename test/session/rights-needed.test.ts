import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatRight } from '#src/domain/rights.ts';
import {
  rightsForHooks,
  rightsForInPlace,
  rightsForRestore,
  rightsForSnapshot,
  type SnapshotCourse,
} from '#src/session/plan/rights-needed.ts';

const sessions = 'backupsessions.stash.appscode.com';
const restores = 'restoresessions.stash.appscode.com';
const configurations = 'backupconfigurations.stash.appscode.com';
const snapshots = 'volumesnapshots.snapshot.storage.k8s.io';
const claims = 'persistentvolumeclaims';

function on(resource: string, verbs: string): string[] {
  return verbs.split(' ').map((verb) => `${verb} ${resource}`);
}

const here = { executor: 'local', wait: true, fresh: false, probes: false } as const;
const snapshotRows: readonly [string, SnapshotCourse, string[]][] = [
  [
    'carried out here, under a configuration that exists',
    here,
    [
      ...on(sessions, 'create get list patch watch'),
      `patch ${sessions}/status`,
      ...on(snapshots, 'create get list watch'),
    ],
  ],
  [
    'that deletes older ones',
    { executor: 'operator', wait: true, fresh: false, probes: false, prunes: true },
    [
      ...on(sessions, 'create get list watch'),
      ...on(snapshots, 'delete list watch'),
      ...on(restores, 'list'),
    ],
  ],
  [
    'here or by an operator, as the status of the new configuration will tell',
    { executor: undefined, wait: true, fresh: true, probes: true },
    [
      ...on(configurations, 'create list watch'),
      ...on(sessions, 'create get list patch watch'),
      `patch ${sessions}/status`,
      ...on(snapshots, 'create get list watch'),
    ],
  ],
  [
    'followed, while an operator carries it out',
    { executor: 'operator', wait: true, fresh: true, probes: false },
    [`create ${configurations}`, ...on(sessions, 'create get list watch'), ...on(snapshots, 'list watch')],
  ],
  [
    "begun for AppsCode's operator, and left to it",
    { executor: 'appscode', wait: false, fresh: true, probes: true },
    [...on(configurations, 'create list watch'), ...on(sessions, 'create get list')],
  ],
  [
    'begun for an operator that may not be running',
    { executor: undefined, wait: false, fresh: true, probes: true },
    [...on(configurations, 'create delete list watch'), ...on(sessions, 'create get list')],
  ],
];

for (const [name, course, expected] of snapshotRows) {
  test(`a snapshot ${name}`, () => {
    assert.deepEqual(rightsForSnapshot(course).map(formatRight).sort(), expected.sort());
  });
}

test('a restore, carried out here and by an operator', () => {
  assert.deepEqual(
    rightsForRestore({ executor: undefined, wait: true }).map(formatRight).sort(),
    [
      ...on(restores, 'create get list patch watch'),
      `patch ${restores}/status`,
      ...on(claims, 'create get list watch'),
    ].sort(),
  );
  assert.deepEqual(
    rightsForRestore({ executor: 'appscode', wait: true }).map(formatRight).sort(),
    [...on(restores, 'create get list watch'), ...on(claims, 'list watch')].sort(),
  );
});

const swapped = [
  ...on(restores, 'create get list patch watch'),
  `patch ${restores}/status`,
  ...on(claims, 'create delete get list patch watch'),
  ...on('pods', 'delete list watch'),
  ...on('persistentvolumes', 'get list patch watch'),
];
for (const [kind, stop, more] of [
  ['Deployment', 'scale', ['patch deployments.apps/scale']],
  ['StatefulSet', 'scale', ['patch statefulsets.apps/scale']],
  ['StatefulSet', 'gate', ['patch statefulsets.apps']],
  ['Deployment', 'gate', []],
  ['PersistentVolumeClaim', 'gate', []],
] as const) {
  test(`a restore in place of a ${kind} that is stopped by ${stop}`, () => {
    assert.deepEqual(rightsForInPlace(kind, stop).map(formatRight).sort(), [...swapped, ...more].sort());
  });
}

test('hooks need the right to list pods, and command hooks the right to exec', () => {
  const request = { httpGet: { port: 80 } };
  assert.deepEqual(rightsForHooks({ pre: request }, 'StatefulSet').map(formatRight), ['list pods']);
  const runsCommands = { pre: request, post: { exec: { command: ['sync'] } } };
  assert.deepEqual(rightsForHooks(runsCommands, undefined).map(formatRight), [
    ...['list pods', 'get pods/exec', 'create pods/exec'],
  ]);
  assert.deepEqual(rightsForHooks(runsCommands, 'Deployment').map(formatRight), [
    ...['list pods', 'get replicasets.apps', 'get pods/exec', 'create pods/exec'],
  ]);
});
