/** Which containers of a Job have failed, and which of their logs tells why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ContainerStatus, Job, Pod, Stored } from '#src/api/kubernetes.ts';
import { failedContainers } from '#src/domain/session/failed-containers.ts';

import { created, pod as anyPod, stored } from '#test/domain/objects.ts';

const job = stored<Job>({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } });
const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: job.metadata.uid };

function pod(name: string, containerStatuses: ContainerStatus[] | undefined, metadata = {}): Stored<Pod> {
  const of = anyPod(name, []);
  return {
    ...of,
    metadata: { ...of.metadata, ownerReferences: [{ ...owner, uid: 'other' }, owner], ...metadata },
    status: { phase: 'Running', ...(containerStatuses && { containerStatuses }) },
  };
}

const container = (changes: Partial<ContainerStatus>): ContainerStatus => ({
  ...{ name: 'main', ready: false, restartCount: 0, image: '', imageID: '', ...changes },
});
const ended = (exitCode: number, more = {}) => ({ terminated: { exitCode, ...more } });

test('a container that has ended with an error, and one that was restarted after it had', () => {
  const failed = container({ state: ended(1, { reason: 'Error', message: 'no rights' }), restartCount: 2 });
  const restarted = container({
    ...{ name: 'beside', state: { running: {} }, lastState: ended(137, { message: '' }), restartCount: 3 },
  });
  assert.deepEqual(failedContainers(job, [pod('p', [failed, restarted])]), [
    {
      ...{ pod: 'p', container: 'main', run: 2, previous: false },
      what: 'pod p: container main exited with code 1 (Error): no rights',
    },
    {
      ...{ pod: 'p', container: 'beside', run: 2, previous: true },
      what: 'pod p: container beside exited with code 137',
    },
  ]);
});

test('the present end of a container goes before the end of its run before', () => {
  const both = container({ state: ended(2), lastState: ended(1), restartCount: 1 });
  assert.deepEqual(
    failedContainers(job, [pod('p', [both])]).map(({ run, what }) => [run, what]),
    [[1, 'pod p: container main exited with code 2']],
  );
});

test('no container that runs, waits, or ended well', () => {
  const well = [
    container({ state: { running: {} } }),
    container({ state: ended(0) }),
    container({ state: { waiting: {} }, lastState: {} }),
    container({ state: { running: {} }, lastState: ended(0) }),
    container({}),
  ];
  const unseen = { ...pod('r', []), status: undefined } as unknown as Stored<Pod>;
  assert.deepEqual(failedContainers(job, [pod('p', well), pod('q', undefined), unseen]), []);
});

test('those of its own pods only, the oldest first', () => {
  const failed = [container({ state: ended(1) })];
  const pods = [
    pod('late', failed, { creationTimestamp: '2026-03-14T04:00:00Z' }),
    pod('early', failed, { creationTimestamp: created }),
    pod('of another Job', failed, { ownerReferences: [{ ...owner, uid: 'other' }] }),
    pod('of no Job', failed, { ownerReferences: undefined }),
  ];
  assert.deepEqual(
    failedContainers(job, pods).map((each) => each.pod),
    ['early', 'late'],
  );
});
