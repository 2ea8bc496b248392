/** The claims of a session that another executor carries out, ours or AppsCode's operator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { followedClaims } from '#src/domain/backup/followed-claims.ts';

import { backupSession, created, snapshot } from '#test/domain/objects.ts';

const seconds = Date.parse(created) / 1000;

/** Snapshot `name` of claim `claim`, made by the session with this UID; without one, by AppsCode's operator. */
function of(claim: string, name: string, uid?: string) {
  const made = snapshot(name, { readyToUse: true });
  if (uid !== undefined) made.metadata.annotations = { [annotation.sessionUid]: uid };
  return { ...made, spec: { source: { persistentVolumeClaimName: claim } } };
}

function session(status: BackupSession['status'], claims?: readonly string[]) {
  const made = backupSession(status);
  if (claims) made.metadata.annotations = { [annotation.sessionClaims]: JSON.stringify(claims) };
  return { ...made, metadata: { ...made.metadata, name: 'nightly-fnbwz' } };
}

const { uid } = backupSession().metadata;
const failed = { hostname: 'a', phase: 'Failed', error: 'disk full' } as const;
const listing = (
  ...stats: NonNullable<NonNullable<NonNullable<BackupSession['status']>['targets']>[0]['stats']>
) => session({ targets: [{}, { stats }] });

const rows: [what: string, ReturnType<typeof session>, ReturnType<typeof of>[], expected: string[]][] = [
  ['nothing yet', session(undefined), [], []],
  ['claims that the session names', session({}, ['a', 'b']), [], ['a Pending', 'b Pending']],
  [
    'a snapshot that names the session',
    session({}, ['a', 'b']),
    [of('a', 'x', uid)],
    ['a Succeeded', 'b Pending'],
  ],
  ['a snapshot of another session', session({}, ['a']), [of('a', 'a-fnbwz', 'other')], ['a Pending']],
  ["a name of AppsCode's", session({}), [of('a', 'a-fnbwz')], ['a Succeeded']],
  ['a name by the time of the session', session({}), [of('a', `a-${seconds}`)], ['a Succeeded']],
  ['another name', session({}), [of('a', 'a-nightly-fnbwz'), of('b', 'a-fnbwz'), of('c', 'c-fnbw')], []],
  [
    'claims of the status, and those with a snapshot besides',
    listing({ hostname: 'b' }, {}, { hostname: 'a' }),
    [of('c', 'c-fnbwz'), of('a', 'a-fnbwz')],
    ['b Pending', 'a Succeeded', 'c Succeeded'],
  ],
  ['an error of the status', listing({ hostname: 'b' }, failed), [], ['b Pending', 'a Failed: disk full']],
  ['an error, but the snapshot is ready', listing(failed), [of('a', 'a-fnbwz')], ['a Succeeded']],
  ['an error of a claim that did not fail', listing({ ...failed, phase: 'Succeeded' }), [], ['a Pending']],
  [
    'a failure of another claim',
    listing({ hostname: 'b', phase: 'Failed' }, failed),
    [],
    ['b Pending', 'a Failed: disk full'],
  ],
];

for (const [what, given, snapshots, expected] of rows)
  test(`${what}: ${expected.join(', ') || 'no claims'}`, () => {
    assert.deepEqual(
      followedClaims(given, snapshots).map(
        ({ claim, phase, message }) => `${claim} ${phase}${phase === 'Failed' ? `: ${message ?? ''}` : ''}`,
      ),
      expected,
    );
  });

test('a snapshot that was imported belongs to no claim', () => {
  const imported = { ...of('a', 'a-fnbwz', uid), spec: { source: { volumeSnapshotContentName: 'content' } } };
  assert.deepEqual(followedClaims(session({}), [imported]), []);
});

test('a snapshot that is missing after the end is not still to come', () => {
  const messageAt = (phase: 'Running' | 'Succeeded' | 'Failed') =>
    followedClaims(session({ phase }, ['a']), [])[0]?.message;
  assert.equal(messageAt('Running'), 'not created yet');
  assert.equal(messageAt('Succeeded'), 'its snapshot does not exist');
  assert.equal(messageAt('Failed'), 'its snapshot does not exist');
});
