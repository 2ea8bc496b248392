/** Which restore points the words and flags of commands select. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { label } from '#src/api/labels.ts';
import type { TargetArguments } from '#src/domain/arguments/target-arguments.ts';
import { configurationId, configurationIdOf } from '#src/domain/restore-points/configuration-id.ts';
import { pointsNamed } from '#src/domain/restore-points/named-points.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { isSelected, workloadKey, type PointSelection } from '#src/domain/restore-points/select-points.ts';
import { labelValue } from '#src/domain/workload/names.ts';
import { parseLabelQuery } from '#src/domain/workload/label-query.ts';
import { at, backupSession, foo, foreignSnapshot, snapshotOf } from '#test/domain/restore-point-objects.ts';

const all: PointSelection = { targets: undefined, since: undefined, query: undefined };
const bar = { ...foo, name: 'bar' };
const set = { ...foo, kind: 'StatefulSet' as const };

test('list selects by kind, by name, and by the time at which a point was taken', () => {
  const points = () =>
    restorePoints(
      [
        snapshotOf('s-1', 'data', { created: at(1) }),
        snapshotOf('s-2', 'data', { target: bar, created: at(2), name: 'b' }),
        snapshotOf('s-3', 'data', { target: set, created: at(3) }),
        ...['data', 'logs'].map((claim) =>
          foreignSnapshot(claim, { name: `${claim}-1732427120`, created: at(4) }),
        ),
      ],
      [],
    );
  const targets = (kinds: TargetArguments['kinds'], ...names: TargetArguments['names']): TargetArguments => ({
    kinds,
    names,
  });
  const rows: [selection: Partial<PointSelection>, sessions: string[]][] = [
    [{}, ['1732427120', 's-3', 's-2', 's-1']],
    [{ targets: targets(['Deployment']) }, ['s-2', 's-1']],
    [{ targets: targets(['Deployment', 'StatefulSet']) }, ['s-3', 's-2', 's-1']],
    [{ targets: targets(['DaemonSet']) }, []],
    [{ targets: targets([], foo) }, ['s-1']],
    [{ targets: targets([], foo, set) }, ['s-3', 's-1']],
    [{ targets: targets([], { ...bar, kind: 'StatefulSet' }) }, []],
    [{ since: new Date(at(2)) }, ['1732427120', 's-3', 's-2']],
    [{ since: new Date(at(2)), targets: targets(['Deployment']) }, ['s-2']],
  ];
  for (const [selection, sessions] of rows) {
    const found = points().filter((point) => isSelected(point, { ...all, ...selection }, new Map()));
    assert.deepEqual(
      found.map(({ session }) => session),
      sessions,
    );
  }
});

test('-l reads the labels of the snapshots, and of the workload or, where it is gone, of the claims', () => {
  const source = { labels: { app: 'old', tier: 'claim' } };
  const labelled = (claim: string) => {
    const made = snapshotOf('s-1', claim, { claims: ['data', 'logs', 'none'], source });
    const labels = { ...made.metadata.labels, [label.managedBy]: 'kubectl-stash', copy: claim };
    return { ...made, metadata: { ...made.metadata, labels } };
  };
  const there = new Map([[workloadKey('demo', foo), { app: 'foo' }]]);
  const gone = new Map([
    [workloadKey('demo', bar), { app: 'foo' }],
    [workloadKey('other', foo), { app: 'foo' }],
    [workloadKey('demo', set), { app: 'foo' }],
  ]);
  const rows: [query: string, workloads: typeof there, isSelected: boolean][] = [
    ['copy=data', there, true],
    ['copy=logs', there, true],
    ['copy=none', there, false],
    ['copy=data,copy=logs', there, false],
    ['app=foo', there, true],
    ['app=old', there, false],
    ['tier', there, false],
    ['app=foo', gone, false],
    ['app=old,copy=data', gone, true],
    [label.managedBy, there, false],
    ['!app', gone, true],
    ['!app', there, false],
  ];
  for (const [text, workloads, expected] of rows) {
    const [point] = restorePoints([labelled('data'), labelled('logs')], []);
    assert(point);
    const query = parseLabelQuery(text);
    assert.equal(isSelected(point, { ...all, query }, workloads), expected, text);
  }
  const byHand = foreignSnapshot('data');
  byHand.metadata.labels = { app: 'hand' };
  const [foreign] = restorePoints([byHand], []);
  assert(foreign);
  assert.equal(isSelected(foreign, { ...all, query: parseLabelQuery('app=hand') }, there), true);
  const [unlabelled] = restorePoints([foreignSnapshot('data')], []);
  assert(unlabelled);
  assert.equal(isSelected(unlabelled, { ...all, query: parseLabelQuery('!app') }, there), true);
});

test('-l finds a point that has no claims by the labels of its workload', () => {
  const [point] = restorePoints([], [backupSession('s-1', 'Failed', { claims: [] })]);
  assert(point);
  assert.deepEqual(point.claims, []);
  const there = new Map([[workloadKey('demo', foo), { app: 'foo' }]]);
  const has = (query: string, workloads: typeof there) =>
    isSelected(point, { ...all, query: parseLabelQuery(query) }, workloads);
  assert.deepEqual(
    [has('app=foo', there), has('app', new Map()), has('!app', new Map())],
    [true, false, true],
  );
});

test('a name finds the points of its session or snapshot, else proposes one like it', () => {
  const points = restorePoints(
    [
      snapshotOf('nightly-1', 'data'),
      snapshotOf('nightly-1', 'b', { target: bar }),
      snapshotOf('weekly-1', 'c', { name: 'shot' }),
      snapshotOf('volumesnapshot', 'd', { claims: ['d', 'e'] }),
    ],
    [],
  );
  const found = (name: string) => {
    const choice = pointsNamed(points, name, 'demo');
    return 'value' in choice
      ? choice.value.map(({ session, target }) => `${session} ${target?.name}`).sort()
      : [choice.failure.kind, choice.failure.message, choice.failure.hint];
  };
  const rows: [name: string, found: (string | undefined)[]][] = [
    ['nightly-1', ['nightly-1 bar', 'nightly-1 foo']],
    ['backupsession/weekly-1', ['weekly-1 foo']],
    ['vs/shot', ['weekly-1 foo']],
    ['VolumeSnapshot.v1.snapshot.storage.k8s.io/shot', ['weekly-1 foo']],
    ['volumesnapshots/shot', ['weekly-1 foo']],
    ['volumesnapshot', ['volumesnapshot foo']],
    ['shot', ['not-found', 'no restore point shot in namespace demo', 'kubectl stash list -n demo']],
    ['nightli-1', ['not-found', 'no restore point nightli-1 in namespace demo', 'did you mean nightly-1?']],
  ];
  for (const [name, expected] of rows) assert.deepEqual(found(name), expected, name);
});

test('a snapshot names its configuration as the configuration does, however long the name', () => {
  const name = 'long-'.repeat(20);
  const labels = { [label.invokerName]: labelValue(name) };
  const snapshot = snapshotOf('s-1', 'data');
  assert.equal(configurationIdOf(snapshot), 'demo/deploy-foo');
  snapshot.metadata.labels = labels;
  assert.equal(configurationIdOf(snapshot), configurationId({ namespace: 'demo', name }));
  assert.equal(configurationIdOf(foreignSnapshot('data')), undefined);
});
