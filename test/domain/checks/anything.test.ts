/** No check breaks on objects that lack what their API does not require, or that hold odd values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { examineCluster, examineNamespace } from '#src/domain/checks/examine.ts';
import { checks } from '#src/domain/checks/index.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import type { VolumeSnapshot } from '#src/api/kubernetes.ts';
import { configuration, stored, target } from '#test/domain/objects.ts';

import { driver, facts, hoursLater, subject, volumesOf, withAppscode } from './facts.ts';

const text = fc.constantFrom(
  '',
  'soon',
  '0',
  '1Gi',
  'content',
  'data-db-0',
  driver,
  '2026-03-14T03:00:00Z',
  'desc = 429\n\u001b[31m',
);
const flag = fc.boolean();

/** Any of the fields, or none of them. */
function some<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record(fields, { requiredKeys: [] });
}

const metadata = some({
  finalizers: fc.array(text, { maxLength: 2 }),
  deletionTimestamp: fc.constantFrom('2026-03-14T03:00:00Z', 'soon'),
  annotations: fc.dictionary(
    fc.constantFrom(
      'argocd.argoproj.io/sync-options',
      'snapshot.storage.kubernetes.io/is-default-class',
      'stash.appscode.com/source-claim',
    ),
    fc.constantFrom('', 'true', 'Replace=true', '{}', '{"storage":"x"}', 'null'),
  ),
});

function objects(
  name: fc.Arbitrary<string>,
  fields: fc.Arbitrary<object>,
): fc.Arbitrary<Stored<KubernetesObject>[]> {
  const one = fc.tuple(name, metadata, fields);
  return fc.array(one, { maxLength: 3 }).map((all) =>
    all.map(([of, more, rest]) =>
      stored({
        apiVersion: 'v1',
        kind: 'Kind',
        metadata: { name: of, ...more },
        ...rest,
      }),
    ),
  );
}

const named = fc.constantFrom('data-db-0', 'data-db-1', driver, 'fast', 'stash-trigger-nightly');
const status = some({
  boundVolumeSnapshotContentName: text,
  creationTime: text,
  readyToUse: flag,
  restoreSize: text,
  error: some({ message: text, time: text }),
});
const amounts = fc.dictionary(
  fc.constantFrom('requests.storage', 'count/volumesnapshots.snapshot.storage.k8s.io'),
  text,
);
const lists = fc.record({
  volumesnapshots: objects(
    named,
    some({ status }).chain((rest) =>
      fc
        .record({ spec: fc.constant({ source: { persistentVolumeClaimName: 'data-db-0' } }) })
        .map((spec) => ({ ...spec, ...rest })),
    ),
  ),
  volumesnapshotcontents: objects(
    named,
    fc.record({
      spec: fc.constant({ driver, deletionPolicy: 'Retain', source: {}, volumeSnapshotRef: {} }),
      status: some({ restoreSize: fc.nat() }),
    }),
  ),
  volumesnapshotclasses: objects(
    named,
    fc.record({
      driver: fc.constantFrom(driver, 'other'),
      deletionPolicy: fc.constantFrom('Delete', 'Retain'),
    }),
  ),
  persistentvolumeclaims: objects(
    named,
    fc.record({
      spec: some({ volumeName: text, storageClassName: text }),
      status: some({ phase: fc.constantFrom('Bound', 'Lost') }),
    }),
  ),
  storageclasses: objects(named, fc.record({ provisioner: text })),
  resourcequotas: objects(named, some({ spec: some({ hard: amounts }), status: some({ used: amounts }) })),
  limitranges: objects(
    named,
    some({ spec: some({ limits: fc.constant([{ type: 'PersistentVolumeClaim', max: { storage: 'x' } }]) }) }),
  ),
  cronjobs: objects(named, fc.record({ spec: some({ suspend: flag }) })),
  persistentvolumes: objects(
    named,
    some({ spec: some({ csi: fc.constant({}) }), status: some({ phase: fc.constant('Released') }) }).map(
      (volume) => ({ spec: {}, ...volume }),
    ),
  ),
  csidrivers: objects(named, fc.constant({})),
  csinodes: objects(named, some({ spec: some({ drivers: fc.constant([{ name: driver, nodeID: 'n' }]) }) })),
});

/** Facts beside lists. */
const beside = fc.record({
  clockAhead: fc.option(fc.integer(), { nil: undefined }),
  definitions: read(
    objects(
      named,
      fc.record({
        spec: fc.record({
          names: fc.constant({ plural: 'volumesnapshots' }),
          versions: fc.array(fc.record({ name: text, served: flag, storage: flag }), { maxLength: 2 }),
        }),
        status: some({ storedVersions: fc.array(text, { maxLength: 2 }) }),
      }),
    ),
  ),
  webhooks: read(
    objects(named, some({ webhooks: fc.constant([{ name: 'validation-webhook.snapshot.storage.k8s.io' }]) })),
  ),
  swapped: read(objects(named, fc.constant({ spec: {} }))),
  sidecarLeases: read(
    objects(
      fc.constant('external-snapshotter-leader-disk-example-com'),
      some({ spec: some({ holderIdentity: text, renewTime: text }) }),
    ),
  ),
  events: read(
    objects(
      named,
      some({ message: text }).map((event) => ({ involvedObject: {}, ...event })),
    ),
  ),
});

function read(values: fc.Arbitrary<Stored<KubernetesObject>[]>) {
  return values.map((value) => ({ value: value as never }));
}

test('whatever the objects are, each finding is one line, and a failure says how a command ends', () => {
  fc.assert(
    fc.property(
      lists,
      beside,
      flag,
      flag,
      fc.nat(100),
      text,
      (seen, more, byAppscode, hasVolumes, hours, schedule) => {
        const nightly = configuration('nightly', { schedule });
        const of = facts({
          ...more,
          now: hoursLater(hours),
          served: [
            'volumesnapshots',
            'volumesnapshotclasses',
            'volumesnapshotcontents',
            'backupconfigurations',
            'backupsessions',
            'restoresessions',
          ],
          lists: { ...seen, backupconfigurations: [nightly] },
          points: { value: restorePoints(seen.volumesnapshots as Stored<VolumeSnapshot>[], []) },
          ...(byAppscode && { groups: withAppscode }),
          ...(hasVolumes ? volumesOf({ csi: { driver, volumeHandle: 'h' } }) : {}),
          target,
        });
        const whole = examineCluster(checks, { ...of, namespace: undefined });
        const found = [
          ...whole.diagnoses,
          ...examineNamespace(checks, of, [subject({ configuration: nightly })], whole),
        ];
        assert.ok(found.length > 0);
        for (const finding of found) {
          assert.ok(finding.message !== '');
          assert.ok(finding.level !== 'fail' || finding.kind.length > 0);
          assert.doesNotMatch(finding.fix ?? '', /\n/);
        }
      },
    ),
  );
});
