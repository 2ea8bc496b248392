/** How the operator handles a BackupConfiguration, and what it reports about it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { allowed, label } from '#src/api/labels.ts';
import {
  backupConfigurations,
  cronJobs,
  deployments,
  events,
  roleBindings,
  serviceAccounts,
} from '#src/api/resources.ts';
import { cronJobName } from '#src/domain/workload/names.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace } from '#test/e2e/place.ts';

import { name, openHome, untilConfiguration, untilReady } from './home.ts';
import { configuration, rarely } from './manifests.ts';
import { startOperatorServer } from './operator-server.ts';
import { assertConditions, hasCondition, testReached } from './reached.ts';

const server = await startOperatorServer();
const { cluster } = server;

await suite('BackupConfiguration', { concurrency: 5 }, () => {
  test('ValidationPassed: each error is reported', async (t) => {
    const place = await openPlace(t, server);
    await place.create(
      backupConfigurations,
      configuration(name, { spec: { schedule: 'now and then', timeOut: 'soon' } }),
    );
    const { status } = await untilConfiguration(place, (it) => it.status?.phase !== undefined);
    assert.equal(status?.phase, 'Invalid');
    const validation = status.conditions?.find(({ type }) => type === 'ValidationPassed');
    assertConditions(validation && [validation], 'ValidationPassed False ResourceValidationFailed');
    assert.match(validation?.message ?? '', /schedule.*timeOut/s);
    assert.deepEqual(await place.list(cronJobs), []);
    await place.until(events, (all) =>
      all.some(({ involvedObject, type }) => involvedObject.name === name && type === 'Warning'),
    );
    await cluster.patch(
      backupConfigurations,
      { name, namespace: place.namespace },
      { spec: { schedule: rarely, timeOut: '5m' } },
    );
    const mended = await untilConfiguration(place, (it) => it.status?.phase === 'NotReady');
    assert(hasCondition(mended.status?.conditions, 'ValidationPassed True ResourceValidationPassed'));
  });

  test('ValidationPassed: settings that change what the pods of Jobs run are refused', async (t) => {
    const place = await openPlace(t, server);
    const runtimeSettings = { container: { env: [{ name: 'NODE_OPTIONS', value: '--import=data:,' }] } };
    await place.create(backupConfigurations, configuration(name, { spec: { runtimeSettings } }));
    const { status } = await untilConfiguration(place, (it) => it.status?.phase === 'Invalid');
    assert.match(JSON.stringify(status), /runtimeSettings\.container\.env\[0\]\.name must be HTTP_PROXY/);
    assert.deepEqual(await place.list(cronJobs), []);
  });

  test('CronJobCreated: a chosen ServiceAccount needs a label', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    const runtimeSettings = { pod: { serviceAccountName: 'default' } };
    await place.create(backupConfigurations, configuration(name, { spec: { runtimeSettings } }));
    const { status } = await untilConfiguration(place, (it) =>
      hasCondition(it.status?.conditions, 'CronJobCreated False CronJobCreationFailed'),
    );
    assert.match(JSON.stringify(status), /serviceaccount\/default does not have the label/);
    const bound = (await place.list(roleBindings)).flatMap(({ subjects = [] }) => subjects);
    assert.ok(bound.every((subject) => subject.name !== 'default'));
    await cluster.patch(
      serviceAccounts,
      { name: 'default', namespace: place.namespace },
      { metadata: { labels: { [label.jobs]: allowed } } },
    );
    await untilReady(place);
    const [made] = await place.list(cronJobs);
    assert.equal(made?.spec.jobTemplate.spec.template.spec.serviceAccountName, 'default');
  });

  test('BackupTargetFound: missing at first, and found later without a change to the configuration', async (t) => {
    const place = await openPlace(t, server);
    await place.create(backupConfigurations, configuration(name));
    const early = await untilConfiguration(place, (it) => it.status?.phase === 'NotReady');
    assert(hasCondition(early.status?.conditions, 'BackupTargetFound False TargetNotAvailable'));
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    const found = await untilConfiguration(place, (it) => it.status?.phase === 'Ready');
    assertConditions(
      found.status?.conditions,
      'BackupTargetFound True TargetAvailable',
      'CronJobCreated True CronJobCreationSucceeded',
      'ValidationPassed True ResourceValidationPassed',
    );
    await place.remove(deployments, 'stash-demo');
    await untilConfiguration(place, (it) => it.status?.phase === 'NotReady');
  });

  test('CronJobCreated: a foreign CronJob has that name', async (t) => {
    const place = await openPlace(t, server);
    await place.create(cronJobs, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: cronJobName(name) },
      spec: {
        schedule: rarely,
        jobTemplate: {
          spec: {
            template: {
              spec: { restartPolicy: 'Never', containers: [{ name: 'theirs', image: 'busybox' }] },
            },
          },
        },
      },
    });
    await place.claims('data');
    await place.create(deployments, deployment('stash-demo', ['data']));
    await place.create(backupConfigurations, configuration(name));
    const { status } = await untilConfiguration(place, (it) =>
      hasCondition(it.status?.conditions, 'CronJobCreated False CronJobCreationFailed'),
    );
    assert.equal(status?.phase, 'NotReady');
    const [theirs] = await place.list(cronJobs);
    assert.equal(theirs?.spec.jobTemplate.spec.template.spec.containers[0]?.name, 'theirs');
    await place.remove(cronJobs, cronJobName(name));
    // Trigger the operator, which would otherwise look again after a minute.
    await cluster.patch(
      backupConfigurations,
      { name, namespace: place.namespace },
      { metadata: { annotations: { touched: 'yes' } } },
    );
    await untilReady(place);
  });

  test('paused and schedule are copied to the CronJob; a deleted CronJob is recreated', async (t) => {
    const place = await openHome(t, server);
    await place.succeeds(`pause ${name}`);
    await place.until(cronJobs, ([it]) => it?.spec.suspend === true);
    await place.succeeds(`resume ${name}`);
    await place.until(cronJobs, ([it]) => it?.spec.suspend !== true);
    await cluster.patch(
      backupConfigurations,
      { name, namespace: place.namespace },
      { spec: { schedule: '5 4 30 12 *' } },
    );
    const changed = await place.until(cronJobs, ([it]) => it?.spec.schedule === '5 4 30 12 *' && it);
    await cluster.delete(cronJobs, changed.metadata);
    await place.until(
      cronJobs,
      ([it]) => it?.spec.schedule === '5 4 30 12 *' && it.metadata.uid !== changed.metadata.uid,
    );
  });

  test('driver Restic is ignored', async (t) => {
    const place = await openPlace(t, server);
    const made = await place.create(
      backupConfigurations,
      configuration(name, { spec: { driver: 'Restic' } }),
    );
    await place.until(events, (all) =>
      all.some(({ involvedObject, message }) => involvedObject.name === name && /Restic/.test(message ?? '')),
    );
    assert.deepEqual(await place.list(cronJobs), []);
    const [left] = await place.list(backupConfigurations);
    assert.equal(left?.metadata.resourceVersion, made.metadata.resourceVersion);
    await place.remove(backupConfigurations, name);
  });
});

testReached(import.meta.filename, false);
