/** The chart is installed, upgraded and uninstalled by Helm, and the data of its users stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { operatorName } from '#src/api/operator.ts';
import {
  backupConfigurations,
  backupSessions,
  cronJobs,
  customResourceDefinitions,
  deployments,
  jobs,
  namespaces,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { find } from '#src/cluster/find.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace } from '#test/e2e/place.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { chart, helmAt } from '#test/support/helm.ts';
import type { Tools } from '#test/support/tools.ts';

import { beginSession, name, untilEnded, untilReady } from './home.ts';
import { configuration } from './manifests.ts';

const release = 'kubectl-stash';
const home = 'kubectl-stash';

/** `server`: the test's own. Its definitions are removed first, and an operator must not be installed. */
export function testHelm(server: TestServer, { path, skip }: Tools): void {
  const { cluster, kubeconfig } = server;
  const helm = helmAt(path?.helm ?? '', kubeconfig);
  const wait = ['--wait', '--timeout', '3m'];
  const own = { name: operatorName, namespace: home };
  const definitions = () =>
    cluster
      .list(customResourceDefinitions)
      .then(({ items }) => items.filter(({ metadata }) => metadata.name.endsWith('.stash.appscode.com')));
  const stash = async (words: string) => {
    const { code, stdout, stderr } = await runPlugin(kubeconfig, words.split(' '));
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const refused = async (words: string) => {
    const { code, stderr } = await runPlugin(kubeconfig, words.split(' '));
    assert.equal(code, 1, stderr);
    return stderr;
  };

  test('the chart, from its installation to the end', { skip }, async (t) => {
    await stash('uninstall --crds --yes');
    const place = await openPlace(t, server);
    t.after(() => stash('uninstall --force'));

    await t.test('helm install brings an operator that runs schedules', async () => {
      await helm.run(['install', release, chart, '--namespace', home, '--create-namespace', ...wait], {
        replicas: 1,
      });
      assert.equal((await definitions()).length, 3);
      await place.claims('data');
      await place.create(deployments, deployment('stash-demo', ['data']));
      await place.running('stash-demo');
      await place.create(backupConfigurations, configuration(name, { spec: { backupHistoryLimit: 5 } }));
      await untilReady(place);
      await beginSession(place, 'one');
      assert.equal((await untilEnded(place, 'one')).status?.phase, 'Succeeded');
      assert.equal((await place.list(jobs)).length, 1);
    });

    await t.test('version and doctor find it; install and uninstall leave it to Helm', async () => {
      assert.match(await stash('version'), /kubectl-stash's, in namespace kubectl-stash/);
      const doctor = await runPlugin(kubeconfig, ['doctor', '-n', place.namespace]);
      assert.match(doctor.stdout, /the operator of namespace kubectl-stash runs/);
      for (const words of ['install', 'install -n elsewhere', 'uninstall', 'uninstall --crds --yes']) {
        const said = await refused(words);
        assert.match(said, /Helm release kubectl-stash in namespace kubectl-stash manages the operator/);
        assert.match(said, /helm uninstall kubectl-stash -n kubectl-stash --wait/);
      }
      assert.match(await stash('install --crds'), /skipped \(it belongs to Helm release kubectl-stash/);
    });

    await t.test('helm upgrade changes the operator, and restores a definition', async () => {
      const [first] = await definitions();
      assert.ok(first);
      await cluster.patch(customResourceDefinitions, first.metadata, {
        metadata: { labels: { 'app.kubernetes.io/name': null } },
      });
      await helm.run(['upgrade', release, chart, '--namespace', home, ...wait], {
        ...{ replicas: 2, logLevel: 'debug', watchNamespaces: [place.namespace] },
      });
      const { spec } = await cluster.get(deployments, own.name, own.namespace);
      assert.equal(spec.replicas, 2);
      assert.ok(spec.template.spec.containers[0]?.args?.includes('--log-level=debug'));
      for (const { metadata } of await definitions())
        assert.equal(metadata.labels?.['app.kubernetes.io/name'], 'kubectl-stash');
      await beginSession(place, 'two');
      assert.equal((await untilEnded(place, 'two')).status?.phase, 'Succeeded');
    });

    await t.test('helm uninstall keeps definitions, configurations, sessions and snapshots', async () => {
      const uids = async () =>
        (
          await Promise.all(
            [backupConfigurations, backupSessions, volumeSnapshots].map((kind) =>
              place.list<KubernetesObject>(kind),
            ),
          )
        )
          .flat()
          .map(({ metadata }) => metadata.uid)
          .sort();
      const before = await uids();
      await helm.run(['uninstall', release, '--namespace', home, ...wait]);
      assert.equal(await find(cluster, deployments, own), undefined);
      assert.equal((await definitions()).length, 3);
      assert.deepEqual(await uids(), before);
      assert.equal(before.length, 5);
    });

    await t.test('uninstall then removes what the operator made, and its finalizers', async () => {
      assert.equal((await place.list(cronJobs)).length, 1);
      await stash('uninstall');
      assert.deepEqual(await place.list(cronJobs), []);
      await place.remove(backupConfigurations, name);
      assert.ok(await find(cluster, namespaces, { name: home }), 'Helm has created the namespace');
    });

    await t.test('the definitions go with --crds, and only then', async () => {
      await stash('uninstall --crds --yes');
      assert.deepEqual(await definitions(), []);
    });
  });

  test('Helm takes over what install has installed, and no pod restarts', { skip }, async (t) => {
    await stash('install --timeout 3m');
    t.after(() => stash('uninstall --crds --yes'));
    const before = await cluster.get(deployments, own.name, own.namespace);
    const install = ['install', release, chart, '--namespace', home, ...wait];
    await assert.rejects(helm.run(install), /cannot be imported into the current release/);
    await helm.run([...install, '--take-ownership']);
    const after = await cluster.get(deployments, own.name, own.namespace);
    assert.equal(after.metadata.labels?.['app.kubernetes.io/managed-by'], 'Helm');
    assert.deepEqual(after.spec.template, before.spec.template);
    await helm.run(['uninstall', release, '--namespace', home, ...wait]);
  });
}
