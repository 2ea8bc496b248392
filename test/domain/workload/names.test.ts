import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  cronJobName,
  fingerprint,
  invokerName,
  labelValue,
  namesSnapshotOf,
  restoreJobName,
  restoreSessionName,
  sessionName,
  shorten,
  snapshotName,
  snapshotNameTaken,
  snapshotterJobName,
} from '#src/domain/workload/names.ts';

const at = new Date('2026-03-01T02:03:04.900Z');
const created = '2026-03-01T02:03:04Z';
const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

const names = fc.stringMatching(
  /^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?){0,3}$/,
);

test('short names are as specified', () => {
  assert.equal(invokerName({ kind: 'StatefulSet', name: 'web' }), 'sts-web');
  assert.equal(sessionName('deploy-foo', at), 'deploy-foo-1772330584');
  assert.equal(restoreSessionName({ kind: 'Deployment', name: 'foo' }, at), 'restore-deploy-foo-1772330584');
  assert.equal(snapshotName('data', created), 'data-1772330584');
  assert.equal(
    snapshotNameTaken('data', created, '9B-c0ffee-0000'),
    'data-1772330584-9bc0',
    'dashes are no digits of a UID',
  );
  assert.equal(snapshotNameTaken('data', created, 'c-0'), 'data-1772330584-c000');
  assert.equal(cronJobName('deploy-a.b'), 'stash-trigger-deploy-a-b');
  assert.equal(snapshotterJobName('deploy-foo-1772330584'), 'stash-vs-deploy-foo-1772330584');
  assert.equal(restoreJobName('r'), 'stash-restore-r');
  assert.throws(() => snapshotName('data', 'yesterday'), {
    kind: 'bug',
    message: 'a name was asked for a time that is none',
  });
});

test('a snapshot is named after its claim and no other one', () => {
  fc.assert(
    fc.property(names, names, fc.boolean(), (claim, other, taken) => {
      const name = taken ? snapshotNameTaken(claim, created, '0a1b2c3d') : snapshotName(claim, created);
      assert.ok(namesSnapshotOf(claim, name));
      assert.equal(namesSnapshotOf(other, name), other === claim);
    }),
  );
  for (const name of [
    'data',
    'data-again',
    'data-1772330584-9bc',
    'data-1772330584-9bc0f',
    'x-data-1772330584',
  ])
    assert.ok(!namesSnapshotOf('data', name), name);
});

test('shorten hashes the whole name, and leaves no separator before the hash', () => {
  assert.equal(shorten('short', 5), 'short');
  // e40c292c is the published FNV-1a test vector of "a"; "foobar" gives bf9cf968.
  assert.equal(shorten('foobar', 5), 'bf9cf');
  assert.equal(fingerprint('web-13'), '0f355a44', 'eight digits, whatever the first');
  const long = `a-.b${'x'.repeat(30)}`;
  assert.equal(shorten(long, 14), `a-.bx-${fingerprint(long)}`);
  assert.match(shorten(`ab-.${'x'.repeat(30)}`, 13), /^ab-[0-9a-f]{8}$/);
});

test('every name is valid, within its limit, and depends only on its input', () => {
  const limits: [(name: string) => string, number][] = [
    [(name) => shorten(name, 20), 20],
    [(name) => invokerName({ kind: 'ReplicationController', name }), 253],
    [(name) => sessionName(name, at), 253],
    [(name) => restoreSessionName({ kind: 'DaemonSet', name }, at), 253],
    [(name) => snapshotName(name, created), 253],
    [(name) => snapshotNameTaken(name, created, '0a1b2c3d'), 253],
    [snapshotterJobName, 63],
    [restoreJobName, 63],
    [(name) => cronJobName(name), 52],
    [labelValue, 63],
  ];
  fc.assert(
    fc.property(names, names, fc.constantFrom(...limits), (stem, other, [make, limit]) => {
      const [a, b] = [stem, `${stem}${other}`];
      const name = make(a);
      assert.match(name, subdomain);
      assert.ok(name.length <= limit);
      assert.equal(make(a), name);
      assert.notEqual(make(b), name);
    }),
  );
});

test('sessions of an invoker with a long name have different Jobs, and two times have different names', () => {
  const invoker = 'i'.repeat(253);
  const [one, two] = [sessionName(invoker, at), sessionName(invoker, new Date(at.getTime() + 1000))];
  assert.equal(one.length, 253, 'as much of the name as fits');
  assert.ok(one.endsWith('-1772330584') && two.endsWith('-1772330585'));
  assert.notEqual(snapshotterJobName(one), snapshotterJobName(two));
});

test('any text gives a valid label value, and two texts give different ones', () => {
  assert.equal(labelValue(''), '');
  assert.equal(labelValue('PersistentVolumeClaim'), 'PersistentVolumeClaim');
  assert.equal(labelValue('x'.repeat(63)), 'x'.repeat(63));
  assert.equal(labelValue('x'.repeat(64)), `${'x'.repeat(54)}-${fingerprint('x'.repeat(64))}`);
  assert.equal(labelValue('a/B c'), `a-B-c-${fingerprint('a/B c')}`);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), fc.string({ minLength: 1 }), (text, more) => {
      assert.match(labelValue(text), /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/);
      assert.notEqual(labelValue(text), labelValue(text + more));
    }),
  );
});
