import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chooseClaims, type ClaimsScene } from '#src/domain/in-place/choose-claims.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { claim, stored } from '#test/domain/objects.ts';
import { foo, snapshotOf } from '#test/domain/restore-point-objects.ts';

import { inPlaceSession } from './in-place-session.ts';

const session = 'deploy-foo-1732428000';

function scene(
  ofPoint: readonly string[],
  ofTarget: readonly string[],
  {
    only = [],
    live = ofTarget,
    restoreSessions = [],
  }: Partial<Pick<ClaimsScene, 'only' | 'restoreSessions'>> & { readonly live?: readonly string[] } = {},
): ClaimsScene {
  const snapshots = ofPoint.map((name) => snapshotOf(session, name, { claims: ofPoint }));
  const [point] = restorePoints(snapshots, []);
  assert.ok(point);
  const claims = live.map((name) => claim(name));
  return { target: foo, point, ofTarget, only, claims, restoreSessions };
}

const chosen: readonly [string, ClaimsScene, claims: string[], unused: string[]][] = [
  ['all claims', scene(['data', 'logs'], ['data', 'logs']), ['data', 'logs'], []],
  ['those that the user names', scene(['data', 'logs'], ['data', 'logs'], { only: ['logs'] }), ['logs'], []],
  [
    'those that the user names, whatever else is missing',
    scene(['data', 'old'], ['data', 'new'], { only: ['data'], live: ['data'] }),
    ['data'],
    [],
  ],
  ['those that the target still uses', scene(['data', 'old', 'older'], ['data']), ['data'], ['old', 'older']],
];

for (const [which, each, claims, unused] of chosen) {
  test(`chooses ${which}`, () => {
    const choice = chooseClaims(each);
    assert.ok('value' in choice);
    const names = choice.value.chosen.map(({ claim, snapshot }) => {
      assert.equal(snapshot.spec.source.persistentVolumeClaimName, claim.metadata.name);
      return claim.metadata.name;
    });
    assert.deepEqual([names, choice.value.unused], [claims, unused]);
  });
}

const inPlace = `kubectl stash restore deployment/foo --in-place -n demo --from ${session}`;
const refused: readonly [string, ClaimsScene, kind: string, message: string, hint: string | undefined][] = [
  [
    'that the target does not use',
    scene(['data', 'old'], ['data'], { only: ['data', 'old'] }),
    'not-found',
    'deployment/foo does not use claim old',
    'its claims are data',
  ],
  [
    'that the restore point lacks',
    scene(['data', 'logs'], ['data', 'new', 'logs']),
    'precondition',
    `restore point ${session} has no claim new of deployment/foo`,
    `only the others:\n${inPlace} --only data,logs`,
  ],
  [
    'that is the only one, and that the restore point lacks',
    scene(['data'], ['new']),
    'precondition',
    `restore point ${session} has no claim new of deployment/foo`,
    'kubectl stash list deployment/foo -n demo',
  ],
  [
    'that does not exist',
    scene(['data', 'logs'], ['data', 'logs'], { live: ['logs'] }),
    'precondition',
    'cannot restore in place: claim data does not exist: there is nothing to keep',
    `kubectl stash restore deployment/foo -n demo --from ${session} --only data`,
  ],
  [
    'that another restore in place has deleted',
    scene(['data', 'data-db-0'], ['data', 'data-db-0'], {
      ...{ live: ['data'], restoreSessions: [stored(inPlaceSession())] },
    }),
    'precondition',
    'restoresession/restore-sts-db swaps claim data-db-0, and is unfinished',
    'to go on:\nkubectl stash restore statefulset/db --in-place -n demo --from point\n' +
      'to go back:\nkubectl stash undo restore-sts-db -n demo',
  ],
];

for (const [which, each, kind, message, hint] of refused) {
  test(`refuses a claim ${which}`, () => {
    const choice = chooseClaims(each);
    assert.ok('failure' in choice);
    assert.deepEqual(
      [choice.failure.kind, choice.failure.message, choice.failure.hint],
      [kind, message, hint],
    );
  });
}

test('refuses a claim whose snapshot is not ready, and takes one that was cut late', () => {
  const snapshotIn = (options: Parameters<typeof snapshotOf>[2]) => {
    const [point] = restorePoints([snapshotOf(session, 'data', options)], []);
    assert.ok(point);
    return chooseClaims({ ...scene(['data'], ['data']), point });
  };
  const pending = snapshotIn({ status: {} });
  assert.ok('failure' in pending);
  assert.match(pending.failure.message, /^claim data: snapshot data-1732428000 is not ready/);
  const late = snapshotIn({
    quietUntil: '2024-11-24T06:00:00Z',
    status: { readyToUse: true, creationTime: '2024-11-24T06:01:00Z' },
  });
  assert.ok('value' in late);
});
