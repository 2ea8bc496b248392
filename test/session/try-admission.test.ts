import assert from 'node:assert/strict';
import { test } from 'node:test';

import { StashError } from '#src/errors.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';
import { tryAdmission } from '#src/session/plan/try-admission.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

test('a refusal keeps the hint of the answer, which knows better than a guess', async () => {
  const refusals: Record<string, StashError> = {
    volumesnapshots: new StashError('forbidden', 'namespace "demo" is being deleted', {
      hint: 'kubectl get namespace demo',
    }),
    backupsessions: new StashError('server', 'a webhook does not answer'),
  };
  const cluster = stubCluster({
    create: ({ plural }) => Promise.reject(refusals[plural] ?? new Error(plural)),
  });
  const tried = await tryAdmission(readerOf(cluster, 'demo'), ({ plural }) => [plural], new Map());
  assert.deepEqual(
    tried.map(({ resource: { plural }, ...answer }) => ({ plural, ...answer })),
    [
      {
        plural: 'volumesnapshots',
        refusal: 'namespace "demo" is being deleted',
        hint: 'kubectl get namespace demo',
      },
      { plural: 'backupsessions', refusal: 'a webhook does not answer' },
    ],
  );
});
