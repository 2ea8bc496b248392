/**
 * A real Prometheus scrapes the operator. Each alert of the chart fires for the objects that it is about, and each panel
 * of the dashboard shows something.
 *
 * Prometheus evaluates the alerts twice: as the chart has them, and without `for`, since a test cannot wait a day until a
 * pending alert fires. That it fires then is what the unit tests of the rules show (`test/package/alerts.yaml`).
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { dump, load } from 'js-yaml';

import { operatorName, operatorNamespace } from '#src/api/operator.ts';
import { backupConfigurations, deployments, restoreSessions } from '#src/api/resources.ts';
import { definitions } from '#src/operator/metric-definitions.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { openShell } from '#test/e2e/terminal.ts';
import { chart } from '#test/support/helm.ts';
import { missingPrometheus, startPrometheus, type Alert, type Prometheus } from '#test/support/prometheus.ts';

import { panels } from '../../../cmd/chart/dashboard.ts';
import { beginSession, shell, untilEnded, untilOne } from './home.ts';
import { configuration, type ConfigurationOptions } from './manifests.ts';

const exits = (code: number) => shell(`exit ${code}`);

/** The workloads, each with a BackupConfiguration of its name, and the phase in which their session ends. */
const workloads: readonly [name: string, spec: ConfigurationOptions['spec'], phase: string][] = [
  ['healthy', { hooks: { preBackup: exits(0), postBackup: exits(0) } }, 'Succeeded'],
  ['failing', { hooks: { preBackup: exits(3) } }, 'Failed'],
  ['paused', { hooks: { preBackup: exits(3) }, paused: true }, 'Failed'],
  ['stuck', { hooks: { preBackup: exits(0), postBackup: exits(1) } }, 'Failed'],
];

/** `server`: the test's own, with the Stash kinds and without an operator. */
export function testMetrics(server: TestServer): void {
  const { cluster, kubeconfig, advance } = server;
  const stash = async (...argv: readonly string[]) => {
    const { code, stderr } = await runPlugin(kubeconfig, argv);
    assert.equal(code, 0, stderr);
  };

  test('Prometheus, the alerts and the dashboard', { skip: missingPrometheus() }, async (t) => {
    await stash('install', '--timeout', '3m', '--replicas=1', '--max-freeze=5s', '--coverage-metrics');
    const shipped = await readFile(join(chart, 'alerts.yaml'), 'utf8');
    const prometheus = await startPrometheus(t, {
      ...{ server, namespace: operatorNamespace, rules: [shipped, atOnce(shipped)] },
    });
    const place = await openPlace(t, server, { inPlace: true });
    t.after(() => place.giveUpVolumes());
    await prometheus.until('a leader is scraped', () => leads(prometheus));

    // Its target does not exist, so no run succeeds, and none fails.
    const missing = { target: 'missing', spec: { schedule: '* * * * *' } };
    await place.create(backupConfigurations, configuration('overdue', missing));
    await Promise.all(workloads.map((each) => runOnce(place, each)));
    // Its command line ends while the workload is stopped.
    const paused = await place.stash('restore deploy/healthy --in-place --stop=scale --pause --yes');
    assert.equal(paused.code, 7, paused.stderr);
    const [restore] = await place.list(restoreSessions);
    advance?.(150_000);

    const atOnceToo = [
      ...['StashBackupsFail failing', 'StashBackupsFail stuck', 'StashQuiescedTooLong stuck'],
      `StashRestoreInPlaceInterrupted ${restore?.metadata.name}`,
    ];
    const later = ['StashBackupOverdue overdue', `StashClaimsUncovered ${place.namespace}`];
    const firing = (alerts: readonly string[]) => alerts.map((alert) => `firing ${alert}`);
    const pending = (alerts: readonly string[]) => alerts.map((alert) => `pending ${alert}`);

    await t.test(
      'each alert is about the object that it should be about, and there is no other',
      async () => {
        await assertAlerts(prometheus, groups.atOnce, firing([...atOnceToo, ...later]));
        await assertAlerts(prometheus, groups.shipped, [...firing(atOnceToo), ...pending(later)]);
      },
    );

    await t.test('the command of each alert can be run', async () => {
      const type = await openShell(t, server, { namespace: place.namespace, developer: undefined });
      const commands = (await prometheus.alerts(groups.shipped)).map(
        ({ annotations }) => annotations['next'],
      );
      assert.ok(commands.length > 0);
      for (const command of commands) assert.notEqual(await type(command ?? 'false'), '');
    });

    await t.test(
      'Prometheus knows every metric, with the type and the words of docs/metrics.md',
      async () => {
        const known = await prometheus.metadata();
        for (const { name, type, help } of Object.values(definitions))
          assert.deepEqual(
            known[name]?.map((it) => [it.type, it.help]),
            [[type, help]],
            name,
          );
      },
    );

    await t.test('every metric of an alert or a panel has values', async () => {
      const expressions = [shipped, ...panels.map(({ expression }) => expression)];
      const names = new Set(expressions.flatMap((text) => text.match(/\bstash_\w+/g) ?? []));
      assert.ok(names.size > 0);
      for (const name of names) assert.notDeepEqual(await prometheus.query(name), [], name);
    });

    await t.test('no panel of the dashboard is empty', async () => {
      for (const { title, expression } of panels) {
        const values = (await prometheus.query(expression)).map(({ value }) => value);
        assert.ok(
          values.some((value) => !Number.isNaN(value)),
          `${title}: ${values.join(' ')}`,
        );
      }
    });

    await t.test('without an operator, there is no leader', async () => {
      const operator = { name: operatorName, namespace: operatorNamespace };
      await cluster.patch(deployments, operator, { spec: { replicas: 0 } });
      await assertAlerts(prometheus, groups.atOnce, firing(['StashHasNoLeader']));
      await assertAlerts(prometheus, groups.shipped, pending(['StashHasNoLeader']));
      await cluster.patch(deployments, operator, { spec: { replicas: 1 } });
      await prometheus.until('a leader is scraped again', () => leads(prometheus));
    });
  });
}

const groups = { shipped: 'stash', atOnce: 'stash, at once' };

/** The same rules without `for`, in a group of another name. */
function atOnce(rules: string): string {
  const read = load(rules) as { groups: { name: string; rules: { for?: string }[] }[] };
  for (const group of read.groups) {
    group.name = groups.atOnce;
    for (const rule of group.rules) delete rule.for;
  }
  return dump(read);
}

async function leads(prometheus: Prometheus): Promise<true | undefined> {
  const [leader] = await prometheus.query('max(stash_leader)');
  return leader?.value === 1 ? true : undefined;
}

/** Lets a session of the workload's BackupConfiguration end. */
async function runOnce(place: Place, [name, spec, phase]: (typeof workloads)[number]): Promise<void> {
  await place.claims(name);
  await place.create(deployments, deployment(name, [name]));
  await place.running(name);
  await place.create(backupConfigurations, configuration(name, { target: name, ...(spec && { spec }) }));
  await untilOne(place, backupConfigurations, name, ({ status }) => status?.phase === 'Ready');
  await beginSession(place, name, name);
  assert.equal((await untilEnded(place, name)).status?.phase, phase);
}

/** Waits until the group has exactly these alerts, such as `firing StashBackupsFail failing`. */
async function assertAlerts(prometheus: Prometheus, group: string, wanted: readonly string[]): Promise<void> {
  const sorted = wanted.toSorted();
  let told: string[] = [];
  const isAsWanted = async () => {
    told = (await prometheus.alerts(group)).map(inWords).sort();
    return isDeepStrictEqual(told, sorted) ? true : undefined;
  };
  await prometheus.until(`the alerts of group ${group}`, isAsWanted).catch(() => undefined);
  assert.deepEqual(told, sorted);
}

function inWords({ state, labels }: Alert): string {
  const { alertname, backupconfiguration, backupsession, restoresession, namespace } = labels;
  const about = backupconfiguration ?? backupsession ?? restoresession ?? namespace;
  return [state, alertname, ...(about === undefined ? [] : [about])].join(' ');
}
