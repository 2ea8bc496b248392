import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CronJob, Named, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import {
  buildCronJob,
  hasDrifted,
  patchOf,
  type SettledCronJob,
} from '#src/domain/operator/build-cron-job.ts';
import { configuration, stored } from '#test/domain/objects.ts';

const options = { image: 'registry/stash:v1' };

function build(spec: Partial<BackupConfiguration['spec']> = {}): Named<CronJob> {
  return buildCronJob(configuration('nightly', { schedule: '0 3 * * *', ...spec }), options);
}

function settledAt({ metadata: { uid, generation } }: Stored<CronJob>): SettledCronJob {
  return { uid, generation };
}

/** As the API server stores it: with defaults filled in. */
function storedCronJob(cronJob: Named<CronJob>): Stored<CronJob> {
  const { jobTemplate } = cronJob.spec;
  const { template } = jobTemplate.spec;
  const containers = template.spec.containers.map((container) => ({
    terminationMessagePath: '/dev/termination-log',
    ...container,
  }));
  const spec = { schedulerName: 'default-scheduler', ...template.spec, containers };
  return stored<CronJob>({
    ...cronJob,
    metadata: { ...cronJob.metadata, generation: 1 },
    spec: {
      ...cronJob.spec,
      jobTemplate: { ...jobTemplate, spec: { ...jobTemplate.spec, template: { ...template, spec } } },
    },
  });
}

test('creates sessions of the configuration, one at a time', () => {
  const { apiVersion, kind, metadata, spec } = build({ paused: true });
  assert.deepEqual([apiVersion, kind], ['batch/v1', 'CronJob']);
  const labels = {
    'stash.appscode.com/invoker-type': 'BackupConfiguration',
    'stash.appscode.com/invoker-name': 'nightly',
    'stash.appscode.com/target-kind': 'StatefulSet',
    'stash.appscode.com/target-name': 'db',
    'stash.appscode.com/target-namespace': 'demo',
    'app.kubernetes.io/managed-by': 'kubectl-stash',
    'app.kubernetes.io/component': 'trigger',
  };
  assert.equal(metadata.name, 'stash-trigger-nightly');
  assert.deepEqual(metadata.labels, labels);
  assert.deepEqual(metadata.ownerReferences, [
    {
      apiVersion: 'stash.appscode.com/v1beta1',
      kind: 'BackupConfiguration',
      name: 'nightly',
      uid: 'uid-of-backupconfiguration-nightly',
      controller: true,
    },
  ]);
  const { jobTemplate, ...rest } = spec;
  assert.deepEqual(rest, {
    schedule: '0 3 * * *',
    suspend: true,
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: 1800,
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 1,
  });
  const { template, ...job } = jobTemplate.spec;
  assert.deepEqual(job, { backoffLimit: 3, activeDeadlineSeconds: 600, podReplacementPolicy: 'Failed' });
  assert.deepEqual([jobTemplate.metadata?.labels, template.metadata?.labels], [labels, labels]);
  const [container] = template.spec.containers;
  assert.deepEqual(
    container?.args?.join(' '),
    'operator create-backupsession --invoker-name nightly --invoker-kind BackupConfiguration -n demo',
  );
  assert.deepEqual(
    container.env?.map(({ name, valueFrom }) => [name, valueFrom?.fieldRef?.fieldPath]),
    [
      ['POD_NAME', 'metadata.name'],
      ['TRIGGER', "metadata.labels['batch.kubernetes.io/controller-uid']"],
    ],
  );
});

test('defaults of the API server are no drift; every change is', () => {
  const wanted = build({ runtimeSettings: { pod: { nodeSelector: { disk: 'ssd' } } } });
  const present = storedCronJob(wanted);
  assert.equal(hasDrifted(present, wanted, undefined), false);

  const changes: [string, Named<CronJob>][] = [
    [
      'schedule',
      build({ schedule: '0 4 * * *', runtimeSettings: { pod: { nodeSelector: { disk: 'ssd' } } } }),
    ],
    ['paused', build({ paused: true, runtimeSettings: { pod: { nodeSelector: { disk: 'ssd' } } } })],
    ['a setting added', build({ runtimeSettings: { pod: { nodeSelector: { disk: 'ssd', a: 'b' } } } })],
    ['a setting removed', build()],
    [
      'the image',
      buildCronJob(
        configuration('nightly', {
          schedule: '0 3 * * *',
          runtimeSettings: { pod: { nodeSelector: { disk: 'ssd' } } },
        }),
        { image: 'registry/stash:v2' },
      ),
    ],
  ];
  for (const [what, changed] of changes)
    assert.equal(hasDrifted(present, changed, settledAt(present)), true, what);

  const edited = { ...present, spec: { ...present.spec, suspend: true } };
  assert.equal(hasDrifted(edited, wanted, undefined), true, 'edited by a user');
  const unlabelled = { ...present, metadata: { ...present.metadata, labels: {} } };
  assert.equal(hasDrifted(unlabelled, wanted, settledAt(present)), true, 'a label taken off');
});

test('the result of our own write is no drift, however the API server normalizes it', () => {
  const wanted = build({ runtimeSettings: { container: { resources: { limits: { memory: '1024Mi' } } } } });
  const spelled = JSON.parse(
    JSON.stringify(storedCronJob(wanted)).replace('1024Mi', '1Gi'),
  ) as Stored<CronJob>;
  assert.equal(hasDrifted(spelled, wanted, undefined), true);
  assert.equal(hasDrifted(spelled, wanted, settledAt(spelled)), false);
  assert.equal(hasDrifted(spelled, wanted, { ...settledAt(spelled), generation: 2 }), true);
  // `kubectl replace --force` also starts at generation 1.
  const anew = { ...spelled, metadata: { ...spelled.metadata, uid: 'another' } };
  assert.equal(hasDrifted(anew, wanted, settledAt(spelled)), true);
});

test('its patch replaces the spec, and keeps labels and annotations of others', () => {
  const wanted = build();
  const present = stored<CronJob>({
    ...wanted,
    metadata: { ...wanted.metadata, labels: { team: 'a' }, annotations: { note: 'b' }, resourceVersion: '7' },
  });
  const { labels, annotations } = wanted.metadata;
  assert.deepEqual(patchOf(present, wanted), [
    { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
    { op: 'add', path: '/metadata/labels', value: { team: 'a', ...labels } },
    { op: 'add', path: '/metadata/annotations', value: { note: 'b', ...annotations } },
    { op: 'replace', path: '/spec', value: wanted.spec },
  ]);
});

test('a CronJob without a generation is compared with the wanted one', () => {
  const present = stored<CronJob>(build());
  const edited = { ...present, spec: { ...present.spec, suspend: true } };
  assert.equal(hasDrifted(present, build(), settledAt(present)), false);
  assert.equal(hasDrifted(edited, build(), settledAt(edited)), true);
});
