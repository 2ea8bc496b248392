/** `doctor` in clusters that are broken as a whole: it names the cause first, and nothing once that is repaired. */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { suite, test, type TestContext } from 'node:test';

import type { CustomResourceDefinition, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  customResourceDefinitions,
  leases,
  namespaces,
  validatingWebhookConfigurations,
  volumeSnapshotClasses,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { FindingItem, FindingList } from '#src/report/findings.ts';
import { configuration } from '#test/e2e/operator/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';
import { runPlugin } from '#test/e2e/plugin.ts';

import type { Program } from './sources.ts';
import { openStand } from './stand.ts';

const { controlPlane, server } = await openStand('raised');
const { cluster, kubeconfig } = server;

/** A snapshot has to wait for a minute before `doctor` calls it stuck. */
const patienceMs = 120_000;

async function firstFailure(place: Place): Promise<FindingItem | undefined> {
  const words = ['doctor', 'pvc/data', '-o', 'json'];
  const { stdout } = await runPlugin(kubeconfig, words, { namespace: place.namespace });
  return (JSON.parse(stdout) as FindingList).items.find(({ level }) => level === 'fail');
}

async function untilFound(
  place: Place,
  wanted: {
    readonly check: string;
    readonly level: FindingItem['level'] | undefined;
    readonly words?: RegExp;
  },
): Promise<FindingItem | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const words = ['doctor', 'pvc/data', '-o', 'json'];
    const { stdout } = await runPlugin(kubeconfig, words, { namespace: place.namespace });
    const { items } = JSON.parse(stdout) as FindingList;
    const found = items.find(({ check }) => check === wanted.check);
    if (found?.level === wanted.level && (wanted.words ?? /./).test(found?.message ?? 'none')) return found;
    if (performance.now() > deadline) assert.fail(`${wanted.check}: ${JSON.stringify(items)}`);
    await setTimeout(250);
  }
}

/** The API server takes a while to notice changes of webhooks and definitions. */
async function untilFirst(place: Place, check: string | undefined, words = /./): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const first = await firstFailure(place);
    if (first?.check === check && words.test(first?.message ?? 'none')) return;
    if (performance.now() > deadline) assert.fail(`${check}: ${JSON.stringify(first)}`);
    await setTimeout(250);
  }
}

async function openBoundPlace(t: TestContext): Promise<Place> {
  const place = await openPlace(t, server);
  await place.claims('data');
  return place;
}

/** Stops the program while `work` runs. */
async function without(program: Program, work: () => Promise<void>): Promise<void> {
  const running = controlPlane.processes.get(program);
  assert.ok(running, program);
  running.pause();
  try {
    await work();
  } finally {
    running.resume();
  }
}

async function begin(place: Place): Promise<void> {
  await place.create(volumeSnapshots, {
    ...{ apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: 'waits' } },
    spec: { source: { persistentVolumeClaimName: 'data' } },
  });
}

/** A snapshot that no session made would be a failure of its own. */
async function untilReadyAndGone(place: Place): Promise<void> {
  const { namespace } = place;
  await place.until(volumeSnapshots, (all) => all.every(({ status }) => status?.readyToUse === true));
  await cluster.delete(volumeSnapshots, { name: 'waits', namespace });
  await place.until(volumeSnapshots, (all) => all.length === 0);
}

const kinds = ['volumesnapshots', 'volumesnapshotclasses', 'volumesnapshotcontents'];

/** Deletes the definitions of the snapshot API. Resolves with them. */
async function dropDefinitions(): Promise<Stored<CustomResourceDefinition>[]> {
  const dropped = [];
  for (const kind of kinds) {
    const name = `${kind}.snapshot.storage.k8s.io`;
    dropped.push(await cluster.get(customResourceDefinitions, name));
    await cluster.delete(customResourceDefinitions, { name });
  }
  const deadline = performance.now() + patienceMs;
  while (
    (await cluster.list(customResourceDefinitions)).items.some(({ spec }) =>
      kinds.includes(spec.names.plural),
    )
  ) {
    assert.ok(performance.now() < deadline, 'the definitions stay');
    await setTimeout(250);
  }
  return dropped;
}

async function define({ apiVersion, kind, metadata, spec }: CustomResourceDefinition): Promise<void> {
  const { name = '', annotations = {} } = metadata;
  await cluster.create(customResourceDefinitions, {
    ...{ apiVersion, kind, spec, metadata: { name, annotations } },
  });
}

function asOld(definition: CustomResourceDefinition): CustomResourceDefinition {
  const versions = definition.spec.versions
    .filter(({ name }) => name === 'v1')
    .map((version) => ({ ...version, name: 'v1beta1', served: true, storage: true }));
  return { ...definition, spec: { ...definition.spec, versions } };
}

await suite('doctor names the cause first', () => {
  test('no snapshot controller', async (t) => {
    const place = await openBoundPlace(t);
    await without('snapshot-controller', async () => {
      await begin(place);
      await untilFirst(
        place,
        'snapshot-controller',
        /^no snapshot controller answers: volumesnapshot \S+\/waits has had no content/,
      );
    });
    await untilReadyAndGone(place);
    await untilFirst(place, undefined);
  });

  test('the sidecar of the driver is down', async (t) => {
    const place = await openBoundPlace(t);
    await without('csi-snapshotter', async () => {
      await begin(place);
      await place.until(volumeSnapshots, (all) =>
        all.some(({ status }) => status?.boundVolumeSnapshotContentName !== undefined),
      );
      await untilFirst(place, 'driver-sidecar', /^the csi-snapshotter of driver \S+ does not answer/);
    });
    await untilReadyAndGone(place);
    await untilFirst(place, undefined);
  });

  test('an admission webhook is down', async (t) => {
    const place = await openBoundPlace(t);
    const name = `${place.namespace}-policy`;
    await cluster.create(validatingWebhookConfigurations, {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
      metadata: { name },
      webhooks: [
        {
          name: 'policy.example.test',
          clientConfig: { url: 'https://127.0.0.1:1/' },
          rules: [
            {
              ...{ apiGroups: ['snapshot.storage.k8s.io'], apiVersions: ['v1'] },
              ...{ operations: ['CREATE'], resources: ['volumesnapshots'] },
            },
          ],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': place.namespace } },
          ...{ failurePolicy: 'Fail', sideEffects: 'None', admissionReviewVersions: ['v1'] },
        },
      ],
    } as KubernetesObject);
    try {
      await untilFirst(
        place,
        'admission',
        /would not create volumesnapshots: .*failed calling webhook "policy\.example\.test"/,
      );
    } finally {
      await cluster.delete(validatingWebhookConfigurations, { name });
    }
    await untilFirst(place, undefined);
  });

  test('the webhook of an older external-snapshotter is left over; the fix heals it', async (t) => {
    const place = await openBoundPlace(t);
    const name = 'validation-webhook.snapshot.storage.k8s.io';
    await cluster.create(validatingWebhookConfigurations, {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
      metadata: { name },
      webhooks: [
        {
          ...{ name, clientConfig: { url: 'https://127.0.0.1:1/' } },
          rules: [
            {
              ...{ apiGroups: ['snapshot.storage.k8s.io'], apiVersions: ['v1'] },
              ...{ operations: ['CREATE', 'UPDATE'], resources: ['volumesnapshots'] },
            },
          ],
          ...{ failurePolicy: 'Ignore', sideEffects: 'None', admissionReviewVersions: ['v1'] },
        },
      ],
    } as KubernetesObject);
    const found = await untilFound(place, { check: 'snapshot-webhook', level: 'warn' });
    assert.equal(found?.fix, `kubectl delete validatingwebhookconfiguration ${name}`);
    await cluster.delete(validatingWebhookConfigurations, { name });
    await untilFound(place, { check: 'snapshot-webhook', level: undefined });
  });

  test('the definitions have stored another version, and cannot be upgraded before that is repaired', async (t) => {
    const place = await openBoundPlace(t);
    const name = 'volumesnapshots.snapshot.storage.k8s.io';
    const { spec } = await cluster.get(customResourceDefinitions, name);
    const [current] = spec.versions.filter((version) => version.name === 'v1');
    assert.ok(current);
    const versions = (stored: string) =>
      ['v1', 'v1beta1'].map((version) => ({ ...current, name: version, storage: version === stored }));
    const write = (next: readonly object[]) =>
      cluster.patch(customResourceDefinitions, { name }, { spec: { versions: next } });
    await write(versions('v1beta1'));
    await write(versions('v1'));
    await untilFound(place, {
      check: 'snapshot-definitions',
      level: 'warn',
      words: /^volumesnapshots may be stored as v1beta1: /,
    });
    await assert.rejects(write([current]), /must (?:appear|remain) in spec\.versions/);
    await cluster.patch(
      customResourceDefinitions,
      { name },
      { status: { storedVersions: ['v1'] } },
      { subresource: 'status' },
    );
    await write(spec.versions);
    await untilFound(place, { check: 'snapshot-definitions', level: undefined });
  });

  test('pod security refuses the pods of Jobs', async (t) => {
    const place = await openBoundPlace(t);
    const { namespace } = place;
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.patch(namespaces, { name: namespace }, { metadata: { labels } });
    // As an operator leaves it that has just renewed it.
    const home = 'kubectl-stash';
    await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: home } });
    t.after(() => cluster.delete(namespaces, { name: home }));
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    await cluster.create(leases, {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
      metadata: { name: 'kubectl-stash-operator', namespace: home },
      spec: { holderIdentity: 'operator-0', renewTime },
    });
    const asRoot = { container: { securityContext: { runAsNonRoot: false } } };
    const nightly = configuration('nightly', {
      kind: 'PersistentVolumeClaim',
      target: 'data',
      spec: { paused: true, runtimeSettings: asRoot },
    });
    await place.create(backupConfigurations, nightly);
    await untilFound(place, {
      check: 'job-pods',
      level: 'fail',
      words: /violates PodSecurity "restricted:latest": runAsNonRoot/,
    });
    await cluster.patch(
      backupConfigurations,
      { name: 'nightly', namespace },
      { spec: { runtimeSettings: null } },
    );
    await untilFound(place, { check: 'job-pods', level: 'ok' });
  });

  test('the definitions of the snapshot API serve only v1beta1, or are missing', async (t) => {
    const place = await openBoundPlace(t);
    const classes = (await cluster.list(volumeSnapshotClasses)).items;
    const definitions = await dropDefinitions();
    try {
      await untilFirst(place, 'snapshot-api', /does not serve volumesnapshots, /);
      for (const definition of definitions) await define(asOld(definition));
      await untilFirst(place, 'snapshot-api', /serves volumesnapshots as v1beta1 only/);
      await dropDefinitions();
    } finally {
      for (const definition of definitions) await define(definition);
    }
    const deadline = performance.now() + patienceMs;
    while (!(await cluster.kinds(volumeSnapshots)).includes('volumesnapshots')) {
      assert.ok(performance.now() < deadline, 'the definitions are not served');
      await setTimeout(250);
    }
    for (const { apiVersion, kind, metadata, ...rest } of classes) {
      const { name, annotations = {} } = metadata;
      await cluster.create(volumeSnapshotClasses, {
        ...{ apiVersion, kind, metadata: { name, annotations } },
        ...rest,
      });
    }
  });
});
