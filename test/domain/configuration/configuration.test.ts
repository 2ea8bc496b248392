import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { label } from '#src/api/labels.ts';
import { classForAppscode } from '#src/domain/backup/appscode.ts';
import { buildBackupSession, buildConfiguration, buildSnapshot } from '#src/domain/backup/build-backup.ts';
import { chooseConfiguration } from '#src/domain/configuration/choose-configuration.ts';
import { readSessionClaims, readSourceClaim } from '#src/domain/restore-points/source-claim.ts';
import { readTarget } from '#src/domain/workload/target.ts';

import { claim, configuration, created, stored, target, withoutDriver } from '#test/domain/objects.ts';

const of = (kind: string, name: string) => ({ target: { ref: { kind, name } } });

describe('chooseConfiguration', () => {
  const mine = configuration('nightly');
  const restic = configuration('restic', { driver: 'Restic' });

  test('takes the only one of the target', () => {
    const others = [
      configuration('a', of('StatefulSet', 'other')),
      configuration('b', of('Deployment', 'db')),
      restic,
    ];
    assert.equal(chooseConfiguration([...others, mine], target), mine);
  });

  test('returns undefined where none is for the target, or only one with Restic', () => {
    assert.equal(
      chooseConfiguration([configuration('a', of('StatefulSet', 'other')), restic], target),
      undefined,
    );
  });

  test('takes the requested one of several', () => {
    assert.equal(chooseConfiguration([mine, configuration('weekly')], target, 'nightly'), mine);
  });

  test('a target in another group, or another namespace, is another target', () => {
    const other = {
      target: { ref: { apiVersion: 'apps.example.com/v1', kind: target.kind, name: target.name } },
    };
    const elsewhere = { target: { ref: { kind: target.kind, name: target.name, namespace: 'elsewhere' } } };
    assert.equal(
      chooseConfiguration([configuration('a', other), configuration('b', elsewhere)], target),
      undefined,
    );
  });

  const refused: [string, Parameters<typeof chooseConfiguration>, string][] = [
    ['several', [[mine, configuration('weekly')], target], 'precondition'],
    ['unknown by name', [[mine], target, 'nigthly'], 'not-found'],
    ['of another target by name', [[configuration('a', of('Deployment', 'x'))], target, 'a'], 'precondition'],
    ['with Restic by name', [[restic], target, 'restic'], 'precondition'],
    [
      'being deleted',
      [[configuration('nightly', {}, { deletionTimestamp: created })], target],
      'precondition',
    ],
    ['our name, another target', [[configuration('sts-db', of('Deployment', 'x'))], target], 'precondition'],
    ['our name, Restic', [[configuration('sts-db', { driver: 'Restic' })], target], 'precondition'],
  ];
  for (const [name, args, kind] of refused) {
    test(`refuses ${name}`, () => {
      assert.throws(() => chooseConfiguration(...args), { kind });
    });
  }

  test('a choice that is refused says why, and what to do', () => {
    const noDriver = withoutDriver(configuration('sts-db'));
    const only = 'only VolumeSnapshotter takes snapshots';
    const rows: [Parameters<typeof chooseConfiguration>, message: string, hint: string][] = [
      [
        [[mine, restic, configuration('weekly')], target],
        '2 backup configurations are for statefulset/db: nightly, weekly',
        'add --config nightly, or --config weekly',
      ],
      [
        [[configuration('weekly'), mine], target, 'nigthly'],
        'backupconfiguration "nigthly" not found in namespace demo',
        'did you mean --config nightly?',
      ],
      [
        [[mine], target, 'hourly-logs'],
        'backupconfiguration "hourly-logs" not found in namespace demo',
        'kubectl get backupconfigurations -n demo',
      ],
      [
        [[mine, configuration('a', of('Deployment', 'x'))], target, 'a'],
        'backupconfiguration/a is for deployment/x, not for statefulset/db',
        'omit --config to use or create one for this target',
      ],
      [
        [[configuration('a', { target: {} })], target, 'a'],
        'backupconfiguration/a is for no target, not for statefulset/db',
        'omit --config to use or create one for this target',
      ],
      [
        [[configuration('a', { target: { ref: { kind: 'Deployment' } } })], target, 'a'],
        'backupconfiguration/a is for no target, not for statefulset/db',
        'omit --config to use or create one for this target',
      ],
      [
        [[restic], target, 'restic'],
        `backupconfiguration/restic has driver Restic; ${only}`,
        'omit --config, or name a configuration with driver VolumeSnapshotter',
      ],
      [
        [[noDriver], target, 'sts-db'],
        `backupconfiguration/sts-db has driver Restic; ${only}`,
        'omit --config, or name a configuration with driver VolumeSnapshotter',
      ],
      [
        [[configuration('a', { driver: 'Kopia' as 'Restic' })], target, 'a'],
        `backupconfiguration/a has driver Kopia; ${only}`,
        'omit --config, or name a configuration with driver VolumeSnapshotter',
      ],
      [
        [[configuration('nightly', {}, { deletionTimestamp: created })], target],
        'backupconfiguration/nightly is being deleted',
        'try again once it is gone',
      ],
      [
        [[configuration('sts-db', of('Deployment', 'x'))], target],
        'backupconfiguration/sts-db is for deployment/x, so one of that name cannot be created for statefulset/db',
        'create one with driver VolumeSnapshotter under another name and pass it as --config NAME',
      ],
      [
        [[noDriver], target],
        'backupconfiguration/sts-db has driver Restic, so one of that name cannot be created for statefulset/db',
        'create one with driver VolumeSnapshotter under another name and pass it as --config NAME',
      ],
      [
        [[configuration('sts-db', { driver: 'Kopia' as 'Restic' })], target],
        'backupconfiguration/sts-db has driver Kopia, so one of that name cannot be created for statefulset/db',
        'create one with driver VolumeSnapshotter under another name and pass it as --config NAME',
      ],
    ];
    for (const [args, message, hint] of rows)
      assert.throws(
        () => chooseConfiguration(...args),
        { message, hint, kind: message.includes('not found') ? 'not-found' : 'precondition' },
        message,
      );
  });
});

describe('the objects of a session', () => {
  const source = claim('data-db-0');
  source.metadata.labels = { app: 'db' };
  const invoker = stored(buildConfiguration(target));
  const claims = ['data-db-0', 'data-db-1'];
  const session = stored(
    buildBackupSession({
      configuration: invoker,
      target,
      claims,
      at: new Date(created),
      maker: { by: 'schedule' },
    }),
  );
  const snapshot = buildSnapshot({
    session,
    target,
    planned: { claim: source },
    sessionClaims: claims,
    nameTaken: false,
  });

  test('a configuration that is never due', () => {
    assert.equal(invoker.metadata.name, 'sts-db');
    assert.equal(invoker.spec.paused, true);
    assert.deepEqual(invoker.spec.retentionPolicy, { name: 'keep-all', prune: false });
  });

  test('a session that the configuration owns', () => {
    assert.equal(session.metadata.name, 'sts-db-1773457200');
    assert.equal(session.metadata.ownerReferences?.[0]?.uid, invoker.metadata.uid);
  });

  test('a snapshot without an owner, which records all that a restore needs', () => {
    assert.equal(snapshot.metadata.name, 'data-db-0-1773457200');
    assert.equal(snapshot.metadata.ownerReferences, undefined);
    assert.equal(snapshot.metadata.labels?.[label.backupSession], session.metadata.name);
    assert.deepEqual(readTarget(snapshot), target);
    assert.deepEqual(readSessionClaims(snapshot.metadata.annotations), claims);
    assert.deepEqual(readSourceClaim(snapshot), {
      storage: '1Gi',
      accessModes: ['ReadWriteOnce'],
      labels: { app: 'db' },
      volume: 'pv-data-db-0',
    });
  });

  test('a snapshot without a class leaves the field out', () => {
    assert.equal('volumeSnapshotClassName' in snapshot.spec, false);
  });
});

describe('classForAppscode', () => {
  const planned = (...classes: (string | undefined)[]) =>
    classes.map((snapshotClass, index) => ({ claim: claim(`data-${index}`), snapshotClass }));

  test('is the one class of all claims', () => {
    assert.equal(classForAppscode(target, planned('fast', 'fast'), undefined), 'fast');
  });

  const refused: [string, Parameters<typeof classForAppscode>][] = [
    ['two classes', [target, planned('fast', 'slow'), undefined]],
    ['an unknown class', [target, planned(undefined), undefined]],
    ['a ReplicaSet', [{ ...target, kind: 'ReplicaSet' }, planned('fast'), undefined]],
    ['a configuration without a class', [target, planned('fast'), configuration('a')]],
  ];
  for (const [name, args] of refused) {
    test(`refuses ${name}`, () => {
      assert.throws(() => classForAppscode(...args), { kind: 'precondition' });
    });
  }
});
