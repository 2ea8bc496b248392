import assert from 'node:assert/strict';
import { test } from 'node:test';

import type {
  KubernetesObject,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  Stored,
} from '#src/api/kubernetes.ts';
import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import type { Right } from '#src/domain/rights.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const rights: readonly Right[] = [
  { verb: 'create', resource: volumeSnapshots },
  { verb: 'patch', resource: backupSessions, subresource: 'status' },
  { verb: 'list', resource: volumeSnapshots },
];
const listed = {
  verbs: ['list'],
  apiGroups: ['snapshot.storage.k8s.io'],
  resources: ['volumesnapshots'],
};

/** A server whose list of rules is incomplete; it grants the rights that `allows` accepts, when asked. */
function webhook(allows: (attributes: SelfSubjectAccessReview['spec']['resourceAttributes']) => boolean) {
  const asked: string[] = [];
  const answer = (object: KubernetesObject): KubernetesObject => {
    if (object.kind === 'SelfSubjectRulesReview')
      return { ...object, status: { incomplete: true, resourceRules: [listed] } } as SelfSubjectRulesReview;
    const { resourceAttributes } = (object as SelfSubjectAccessReview).spec;
    const { verb, resource, subresource } = resourceAttributes;
    asked.push([verb, resource, subresource].filter(Boolean).join(' '));
    return { ...object, status: { allowed: allows(resourceAttributes) } } as SelfSubjectAccessReview;
  };
  const cluster = stubCluster({
    create: <T extends KubernetesObject>(_: unknown, object: T) =>
      Promise.resolve(answer(object) as Stored<T>),
  });
  return { reader: readerOf(cluster, 'demo'), asked };
}

test('asks about each unlisted right where the server cannot list all rules', async () => {
  const { reader, asked } = webhook(() => true);
  await reader.demand('jane', rights);
  assert.deepEqual(asked, ['create volumesnapshots', 'patch backupsessions status']);
});

test('a right that the server then refuses is missing', async () => {
  const { reader } = webhook(({ subresource }) => subresource === undefined);
  await assert.rejects(reader.demand('jane', rights), {
    kind: 'forbidden',
    message: 'user "jane" may not patch backupsessions.stash.appscode.com/status in namespace demo',
  });
});
