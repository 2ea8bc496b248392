/**
 * The claims of a RestoreSession are created with permissions that its author may not have. Holds: a template with
 * `volumeName: somebody-elses` was created as written, and bound that volume.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { persistentVolumeClaims, restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { templatesOf } from '#src/domain/restore/restore-templates.ts';
import { hastyClock } from '#test/session/clocks.ts';
import { openStage, type Stage } from '#test/session/stage.ts';
import { claimFrom } from '#test/support/claim-from.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

const good = claimFrom('snap', 'data');

function session(template: object, target: object = {}): RestoreSession {
  return {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 's1', namespace: 'demo' },
    spec: {
      driver: 'VolumeSnapshotter',
      target: { ...target, volumeClaimTemplates: [{ ...good, ...template }] },
    },
  };
}
const withSpec = (spec: object) => session({ spec: { ...good.spec, ...spec } });
const withMetadata = (metadata: object) => session({ metadata: { ...good.metadata, ...metadata } });
const source = good.spec.dataSource;

test('whatever restoring does not need is Invalid, by the name of its field', () => {
  const rows: [field: string, RestoreSession][] = [
    ['spec.volumeName', withSpec({ volumeName: 'somebody-elses' })],
    ['spec.selector', withSpec({ selector: { matchLabels: { app: 'db' } } })],
    ['spec.dataSource.namespace', withSpec({ dataSource: { ...source, namespace: 'other' } })],
    ['spec.dataSourceRef', withSpec({ dataSourceRef: { ...source, namespace: 'other' } })],
    ['spec.dataSourceRef', withSpec({ dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'theirs' } })],
    ['spec.resources.claims', withSpec({ resources: { claims: [] } })],
    ['spec.anythingNew', withSpec({ anythingNew: 1 })],
    ['metadata.namespace', withMetadata({ namespace: 'other' })],
    ['metadata.ownerReferences', withMetadata({ ownerReferences: [{ uid: '1' }] })],
    ['metadata.finalizers', withMetadata({ finalizers: ['a/b'] })],
    ['metadata.generateName', withMetadata({ generateName: 'a' })],
    ...['pv.kubernetes.io/bind-completed', 'volume.kubernetes.io/selected-node'].map(
      (name): [string, RestoreSession] => [
        `metadata.annotations["${name}"]`,
        withMetadata({ annotations: { [name]: 'yes' } }),
      ],
    ),
  ];
  for (const [field, given] of rows) {
    assert.throws(
      () => expandTemplates(given),
      ({ kind, message }: { kind: string; message: string }) =>
        kind === 'invalid' && message.startsWith(`spec.target.volumeClaimTemplates[0].${field} is `),
      field,
    );
  }
  assert.throws(() => expandTemplates(session({}, { ref: { namespace: 'other' } })), {
    message: 'spec.target.ref.namespace is "other", which is not the session\'s namespace',
  });
});

test('a template as Kubernetes prints a restored claim is accepted', () => {
  const given = session({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'demo', creationTimestamp: null, annotations: { note: 'a' } },
    spec: { ...good.spec, volumeMode: 'Filesystem', dataSourceRef: source },
    status: {},
  });
  assert.equal(expandTemplates(given).length, 1);
});

test('the restorer and the command line create no claim', async () => {
  const namespace = await stage.home([]);
  const clock = hastyClock();
  const { spec } = withSpec({ volumeName: 'somebody-elses' });
  const words = 'spec.target.volumeClaimTemplates[0].spec.volumeName is refused';
  const file = { ...session({}), spec, metadata: { name: 'from-file' } };

  const stdin = JSON.stringify(file);
  const typed = stage.play('restore -f - --executor=local', { namespace, clock, stdin });
  assert.equal(await typed.exit, 2);
  assert.ok(typed.context.stderr().includes(words), typed.context.stderr());
  const strange = JSON.stringify({
    ...session({}, { ref: { namespace: 'other' } }),
    metadata: file.metadata,
  });
  const other = stage.play('restore -f - --executor=local', { namespace, clock, stdin: strange });
  assert.equal(await other.exit, 2);
  assert.match(other.context.stderr(), /spec\.target\.ref\.namespace is "other"/);
  assert.deepEqual(await stage.all(restoreSessions, namespace), []);

  await stage.cluster.create(restoreSessions, { ...file, metadata: { name: 's1', namespace } });
  const job = stage.play('operator restore-vs --restoresession s1', { namespace, clock });
  await job.exit;
  const [ended] = await stage.all(restoreSessions, namespace);
  assert.equal(ended?.status?.phase, 'Invalid', job.context.stderr());
  assert.ok(JSON.stringify(ended.status).includes(words));
  assert.deepEqual(await stage.all(persistentVolumeClaims, namespace), []);
});

test('the record of a claim in a snapshot sets no annotations of the control plane', () => {
  const { templates } = templatesOf(
    {
      ...{ session: 's', kind: 'point', at: undefined },
      claims: [
        {
          claim: 'data',
          state: 'ready',
          snapshot: { apiVersion: '', kind: '', metadata: { name: 'snap' }, status: { restoreSize: '1Gi' } },
          source: { storage: '1Gi', annotations: { 'pv.kubernetes.io/bind-completed': 'yes', note: 'a' } },
        },
      ],
    } as never,
    { rename: (name) => name },
  );
  assert.deepEqual(templates[0]?.metadata.annotations, { note: 'a' });
});
