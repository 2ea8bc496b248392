/** What the operator does about the sessions of `browse`, `cp` and `diff`: it deletes those whose command has died. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { jobs, persistentVolumeClaims, pods, restoreSessions } from '#src/api/resources.ts';
import { buildFileSession, fileSessionOwner } from '#src/domain/files/build-file-session.ts';
import { buildFilesPod } from '#src/domain/files/files-pod.ts';

import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage(60);
after(() => place[Symbol.asyncDispose]());

test('a session past its deadline goes, with its claim and its pod; one whose command lives stays', async () => {
  await place.operator({ runSessions: 'in-jobs' });
  const { stage, clock } = place;
  const { cluster } = stage.sandbox;
  const namespace = await stage.home(['data']);
  const left = async (name: string, untilMs: number) => {
    const target = { kind: 'Deployment', name, namespace } as const;
    const template = { metadata: { name }, spec: {} };
    const at = new Date(clock.now().getTime() + untilMs);
    const built = buildFileSession({ target, template, from: 'point', at: clock.now() });
    const annotations = { ...built.metadata.annotations, [annotation.filesUntil]: at.toISOString() };
    const session = await cluster.create(restoreSessions, {
      ...built,
      metadata: { ...built.metadata, name, annotations },
    });
    const owner = fileSessionOwner(session);
    await cluster.create(persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace, ownerReferences: [owner] },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'sandbox',
        resources: { requests: { storage: '1Gi' } },
      },
    });
    const image = 'busybox';
    const wishes = { namespace, owner, image, claim: name, isBlock: false, workload: undefined };
    await cluster.create(pods, buildFilesPod({ ...wishes, liveClaim: 'data' }));
  };
  await left('dead', 30_000);
  await left('alive', 24 * 3_600_000);
  await stage.until(
    restoreSessions,
    namespace,
    (all) => all.map(({ metadata }) => metadata.name).join() === 'alive',
  );
  await stage.until(pods, namespace, (all) => all.map(({ metadata }) => metadata.name).join() === 'alive');
  await stage.until(persistentVolumeClaims, namespace, (all) =>
    all.every(({ metadata }) => metadata.name !== 'dead'),
  );
  // It starts no executor for either.
  assert.deepEqual(await stage.all(jobs, namespace), []);
  assert.match((await place.told(namespace, 'RestoreSession', 'dead')).join(), /its command has died/);
  const [alive] = await stage.all(restoreSessions, namespace);
  assert.equal(alive?.status, undefined);
});
