import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';

import type { SelfSubjectRulesReview } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupSessions, pods, volumeSnapshots } from '#src/api/resources.ts';
import {
  deadAfterMs,
  formatHolder,
  lifeLeft,
  readHolder,
  sight,
  type Sighting,
} from '#src/domain/session/holder.ts';
import { formatRight, missingRights, type Right } from '#src/domain/rights.ts';

import { backupSession, created } from './objects.ts';

type Rules = NonNullable<SelfSubjectRulesReview['status']>['resourceRules'];

function review(resourceRules: Rules): SelfSubjectRulesReview {
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    metadata: {},
    spec: { namespace: 'demo' },
    status: { incomplete: false, resourceRules },
  };
}

describe('missingRights', () => {
  const create: Right = { verb: 'create', resource: volumeSnapshots };
  const status: Right = { verb: 'patch', resource: backupSessions, subresource: 'status' };
  const snapshots = { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots'] };
  const rows: [string, Rules, Right, boolean][] = [
    ['the very rule', [{ verbs: ['create'], ...snapshots }], create, true],
    ['another verb', [{ verbs: ['get'], ...snapshots }], create, false],
    [
      'another group',
      [{ verbs: ['create'], apiGroups: [''], resources: ['volumesnapshots'] }],
      create,
      false,
    ],
    ['stars', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], create, true],
    ['a star covers a subresource', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], status, true],
    [
      'the resource does not cover its subresource',
      [{ verbs: ['*'], apiGroups: ['*'], resources: ['backupsessions'] }],
      status,
      false,
    ],
    ['any status', [{ verbs: ['patch'], apiGroups: ['*'], resources: ['*/status'] }], status, true],
    [
      'the status itself',
      [{ verbs: ['get', 'patch'], apiGroups: ['*'], resources: ['a', 'backupsessions/status'] }],
      status,
      true,
    ],
    [
      'the status of another resource',
      [{ verbs: ['*'], apiGroups: ['*'], resources: ['restoresessions/status'] }],
      status,
      false,
    ],
    [
      'one of several rules',
      [
        { verbs: ['get'], ...snapshots },
        { verbs: ['create'], ...snapshots, resourceNames: [] },
      ],
      create,
      true,
    ],
    ['a rule for URLs', [{ verbs: ['create'] }], create, false],
    ['one object only', [{ verbs: ['create'], ...snapshots, resourceNames: ['a'] }], create, false],
  ];
  for (const [name, rules, right, granted] of rows) {
    test(name, () => {
      assert.equal(missingRights(review(rules), [right]).length === 0, granted);
    });
  }

  test('takes no right for missing before the server has answered', () => {
    const unanswered = review([]);
    delete unanswered.status;
    assert.deepEqual(missingRights(unanswered, [create]), []);
  });

  test('formats a right as RBAC writes it', () => {
    assert.equal(formatRight(create), 'create volumesnapshots.snapshot.storage.k8s.io');
    assert.equal(formatRight({ verb: 'get', resource: pods }), 'get pods');
    assert.equal(formatRight(status), 'patch backupsessions.stash.appscode.com/status');
  });
});

describe('holder', () => {
  const heldBy = (value: string | undefined) => {
    const session = backupSession();
    if (value !== undefined) session.metadata.annotations = { [annotation.executor]: value };
    return session;
  };

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.nat(), (id, counter) => {
        assert.deepEqual(readHolder(heldBy(formatHolder({ id, counter }))), { id, counter });
      }),
    );
  });

  test('is undefined without a value, and a holder whatever the value', () => {
    assert.equal(readHolder(heldBy(undefined)), undefined);
    assert.equal(readHolder(heldBy('')), undefined);
    assert.equal(readHolder(heldBy('something else'))?.id, 'something else');
  });

  test('counts as dead only after the same value was seen for the whole time', () => {
    const at = (ms: number) => new Date(Date.parse(created) + ms);
    let seen: Sighting | undefined = sight(undefined, heldBy('a 1'), at(0));
    seen = sight(seen, heldBy('a 2'), at(deadAfterMs - 1));
    assert(lifeLeft(seen, at(deadAfterMs)) > 0, 'it was renewed');
    seen = sight(seen, heldBy('a 2'), at(2 * deadAfterMs - 1));
    assert(lifeLeft(seen, at(2 * deadAfterMs - 1)) <= 0, 'it was not renewed since');
    seen = sight(seen, heldBy('b 2'), at(2 * deadAfterMs - 1));
    assert(lifeLeft(seen, at(2 * deadAfterMs)) > 0, 'another one took over');
  });
});
