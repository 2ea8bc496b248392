/** On a cluster with AppsCode's operator, ours can neither be installed nor start, and changes nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { operatorNamespace } from '#src/api/operator.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  customResourceDefinitions,
  jobs,
  namespaces,
  restoreSessions,
} from '#src/api/resources.ts';
import { openPlace } from '#test/e2e/place.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { claimFrom } from '#test/support/claim-from.ts';
import { until } from '#test/support/until.ts';

import { beginSession, name } from './home.ts';
import { configuration, restoreSession } from './manifests.ts';

/**
 * Creates a definition in AppsCode's API group, in place of the operator, which serves the group by an
 * aggregated API server.
 */
async function bringAppscode({ cluster }: TestServer): Promise<void> {
  const plural = 'restoresessionvalidators';
  await cluster.create(customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${appscodeOperatorGroup}` },
    spec: {
      group: appscodeOperatorGroup,
      scope: 'Namespaced',
      names: { plural, singular: 'restoresessionvalidator', kind: 'RestoreSessionValidator' },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object' } },
        },
      ],
    },
  });
  await until(cluster, customResourceDefinitions, {}, (all) =>
    all.some(
      ({ metadata, status }) =>
        metadata.name.startsWith(plural) &&
        status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true,
    ),
  );
}

/** `server`: the test's own, with the Stash kinds and without an operator. */
export function testBesideAppscode(server: TestServer): void {
  test("beside AppsCode's operator", async (t) => {
    const { cluster, kubeconfig, storageClass } = server;
    await bringAppscode(server);
    const place = await openPlace(t, server);
    await place.create(backupConfigurations, configuration(name, { spec: { driver: 'Restic' } }));
    await place.create(backupConfigurations, configuration('snapshots'));
    await beginSession(place, 'theirs');
    await place.create(restoreSessions, restoreSession('theirs', [claimFrom('any', 'copy', storageClass)]));
    const versions = async () =>
      [
        ...(await place.list(backupConfigurations)),
        ...(await place.list(backupSessions)),
        ...(await place.list(restoreSessions)),
      ].map(({ metadata: { uid, resourceVersion } }) => `${uid} ${resourceVersion}`);
    const before = await versions();
    assert.equal(before.length, 4);

    await t.test('install refuses and creates nothing', async () => {
      const { code, stdout, stderr } = await runPlugin(kubeconfig, ['install']);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /^error: AppsCode's Stash operator runs in this cluster/);
      const { items } = await cluster.list(namespaces);
      assert(items.every(({ metadata }) => metadata.name !== operatorNamespace));
    });

    for (const runSessions of ['in-jobs', 'in-process']) {
      await t.test(`operator run --run-sessions=${runSessions} refuses`, async () => {
        const line = ['operator', 'run', '--listen=127.0.0.1:0', '--leader-elect=false'];
        const { code, stderr } = await runPlugin(kubeconfig, [...line, `--run-sessions=${runSessions}`]);
        assert.equal(code, 1);
        assert.match(stderr, /^error: AppsCode's Stash operator runs in this cluster/m);
      });
    }

    await t.test('existing objects are unchanged', async () => {
      assert.deepEqual(await versions(), before);
      assert.deepEqual(await place.list(cronJobs), []);
      assert.deepEqual(await place.list(jobs), []);
    });
  });
}
