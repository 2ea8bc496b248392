/** The ways to restore: next to existing claims, in place, from a file, and with WaitForFirstConsumer. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  deployments,
  persistentVolumeClaims,
  pods,
  resourceQuotas,
  restoreSessions,
  statefulSets,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import { changed } from './changed.ts';
import { claim, deployment, reader, statefulSet } from './manifests.ts';
import { isBound, openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();

/** As the guides write one, in JSON, which is YAML too. */
function fromGuide(
  name: string,
  templates: readonly { name: string; snapshot: string }[],
  options: { replicas?: number; storageClass?: string } = {},
): string {
  const session: RestoreSession = {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name },
    spec: {
      driver: 'VolumeSnapshotter',
      target: {
        ...(options.replicas !== undefined && { replicas: options.replicas }),
        volumeClaimTemplates: templates.map((template) =>
          claimFrom(template.snapshot, template.name, options.storageClass ?? server.storageClass),
        ),
      },
    },
  };
  return JSON.stringify(session);
}

async function snapshotOf(place: Place, claimName: string): Promise<string> {
  const all = await place.list(volumeSnapshots);
  const found = all.find(({ spec }) => spec.source.persistentVolumeClaimName === claimName);
  return found?.metadata.name ?? '';
}

await suite('restore', { concurrency: 8 }, () => {
  test('a quota that has no room for all claims refuses the restore before its first write', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data', 'logs');
    await place.create(deployments, deployment('demo', ['data', 'logs']));
    await place.running('demo');
    await place.succeeds('snapshot deploy/demo');
    const hard = { 'requests.storage': '3Gi' };
    await place.create(resourceQuotas, {
      ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'team' }, spec: { hard } },
    });
    await place.until(resourceQuotas, ([quota]) => quota?.status?.used?.['requests.storage'] === '2Gi');
    const refused = await place.stash('restore deploy/demo --suffix=-2');
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(
      refused.stderr,
      /^error: the restore does not fit into resourcequota team: 1Gi of requests\.storage left, and 2Gi needed$/m,
    );
    assert.equal((await place.list(restoreSessions)).length, 0);

    await place.succeeds('restore deploy/demo --suffix=-2 --only=data');
  });

  test('existing claims are refused; --suffix and --claim restore next to them', async (t) => {
    const place = await openPlace(t, server);
    const pod = await changed(place);
    const refused = await place.stash('restore deploy/demo');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, new RegExp(`claim data exists and is used by pod ${pod}`));
    assert.equal((await place.list(restoreSessions)).length, 0);

    await place.succeeds('restore deploy/demo --suffix -restored --executor=local');
    await place.succeeds('restore deploy/demo --claim data=copy --executor=local');
    const seen = await place.look(
      ['data', 'data-restored', 'copy'],
      'cat /source/data/proof /source/data-restored/proof /source/copy/proof',
    );
    assert.equal(seen, 'after\nbefore\nbefore');
  });

  test('-f: a deployment, as in its guide', async (t) => {
    const place = await openPlace(t, server);
    await changed(place);
    const stdin = fromGuide('restore-pvc', [
      { name: 'restore-data', snapshot: await snapshotOf(place, 'data') },
    ]);
    const { stdout } = await place.succeeds('restore -f - --executor=local', { stdin });
    assert.equal(
      stdout.split(' (')[0],
      'restoresession/restore-pvc succeeded: its claim is bound: restore-data',
    );
    const [session] = await place.list(restoreSessions);
    assert.equal(session?.status?.phase, 'Succeeded');
    assert.deepEqual(session.status.stats, [{ hostname: 'restore-data', phase: 'Succeeded' }]);
    await place.create(deployments, deployment('restore-demo', ['restore-data']));
    const [pod = ''] = await place.running('restore-demo');
    assert.equal(await place.sh(pod, 'cat /source/restore-data/proof'), 'before');

    const again = await place.stash('restore -f - --executor=local', { stdin });
    assert.equal(again.code, 1);
    assert.match(again.stderr, /claim restore-data exists/);
  });

  test('-f: a statefulset, by ${POD_ORDINAL}', async (t) => {
    const place = await openPlace(t, server);
    await place.create(statefulSets, statefulSet('stash-demo', 3, server.storageClass));
    await place.running('stash-demo', 3);
    await place.succeeds('snapshot sts/stash-demo --executor=local');
    const snapshot = await snapshotOf(place, 'source-data-stash-demo-0');
    const seconds = snapshot.slice(snapshot.lastIndexOf('-') + 1);
    const stdin = fromGuide(
      'restore-pvc',
      [
        {
          name: 'source-data-restore-demo-${POD_ORDINAL}',
          snapshot: `source-data-stash-demo-\${POD_ORDINAL}-${seconds}`,
        },
      ],
      { replicas: 3 },
    );
    const { stdout } = await place.succeeds('restore -f - --executor=local', { stdin });
    assert.match(stdout, /all 3 claims are bound/);
    const claims = [0, 1, 2].map((ordinal) => `source-data-restore-demo-${ordinal}`);
    const files = claims.map((name) => `/source/${name}/data.txt`).join(' ');
    assert.equal(await place.look(claims, `cat ${files}`), 'stash-demo-0\nstash-demo-1\nstash-demo-2');
  });

  test('-f: a standalone claim; an invalid file changes nothing', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('source-data');
    await place.look(['source-data'], 'echo sample_data > /source/source-data/data.txt');
    await place.succeeds('snapshot pvc/source-data --executor=local');
    const snapshot = await snapshotOf(place, 'source-data');
    const stdin = fromGuide('restore-pvc', [{ name: 'restore-data', snapshot }]);
    const typo = stdin.replace('volumeClaimTemplates', 'volumeClaimTemplate');
    const wrong = await place.stash('restore -f -', { stdin: typo });
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /unknown field "spec.target.volumeClaimTemplate", did you mean "volumeClaimTemplates"/,
    );
    const grasping = stdin.replace('"dataSource":', '"volumeName":"theirs","dataSource":');
    const refused = await place.stash('restore -f -', { stdin: grasping });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /spec\.target\.volumeClaimTemplates\[0\]\.spec\.volumeName is refused/);
    assert.equal((await place.list(restoreSessions)).length, 0);
    await place.succeeds('restore -f - --executor=local', { stdin });
    assert.equal(await place.look(['restore-data'], 'cat /source/restore-data/data.txt'), 'sample_data');
  });

  test('a claim with WaitForFirstConsumer', { skip: noWaitClass() }, async (t) => {
    // Without the right to read classes, the plugin learns it from the claim's Events.
    const place = await openPlace(t, server, { classes: false });
    await changed(place);
    const line = `restore deploy/demo --suffix -late --storage-class ${server.waitClass ?? ''} --executor=local`;
    const waiting = await place.stash(line);
    assert.equal(waiting.code, 6, waiting.stderr);
    assert.match(waiting.stderr, /data-late: waits for its first consumer: no pod uses it/);
    assert.match(waiting.stderr, /start a pod that uses claim data-late[\s\S]*kubectl stash wait restore-/);
    const [session] = await place.list(restoreSessions);
    assert.equal(session?.status?.phase, 'Unknown');
    assert.deepEqual(session.status.stats, [{ hostname: 'data-late', phase: 'Unknown' }]);

    assert.equal(await place.look(['data-late'], 'cat /source/data-late/proof'), 'before');
    const { stdout } = await place.succeeds(`wait ${session.metadata.name}`);
    assert.match(stdout, /^deployment\/demo restored: its claim is bound/);
  });

  test(
    'a claim with WaitForFirstConsumer whose consumer exists already',
    { skip: noWaitClass() },
    async (t) => {
      const place = await openPlace(t, server);
      await changed(place);
      await place.create(pods, { ...reader(['data-late']), metadata: { name: 'early' } });
      await place.succeeds(
        `restore deploy/demo --suffix -late --storage-class ${server.waitClass ?? ''} --executor=local`,
      );
      await place.until(pods, (all) =>
        all.some(({ metadata, status }) => metadata.name === 'early' && status?.phase === 'Running'),
      );
      assert.equal(await place.sh('early', 'cat /source/data-late/proof'), 'before');
    },
  );

  test(
    'a claim with WaitForFirstConsumer is snapshotted and restored under its name',
    { skip: noWaitClass() },
    async (t) => {
      const place = await openPlace(t, server);
      await place.create(persistentVolumeClaims, claim('late', server.waitClass ?? ''));
      const unbound = await place.stash('snapshot pvc/late');
      assert.equal(unbound.code, 1);
      assert.match(unbound.stderr, /claim late .*bound/);
      await place.look(['late'], 'echo sample_data > /source/late/data.txt');
      await place.succeeds('snapshot pvc/late --executor=local');
      await place.remove(persistentVolumeClaims, 'late');
      assert.equal((await place.stash('restore pvc/late --executor=local')).code, 6);
      assert.equal(await place.look(['late'], 'cat /source/late/data.txt'), 'sample_data');
      await place.until(persistentVolumeClaims, (all) => all.every(isBound));
    },
  );
});

function noWaitClass(): string | false {
  return server.waitClass === undefined && 'E2E_STORAGE_CLASS_WAIT is not set';
}
