/**
 * Claims are created and hooks are sent by programs that may do what the author of an object may not. Holds: a claim
 * template with `volumeName: somebody-elses` was created as written, and a hook with a `host` made the machine of the
 * user who typed `snapshot` connect there.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import {
  backupConfigurations,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { templatesOf } from '#src/domain/restore/restore-templates.ts';
import { appConfiguration, appRef } from '#test/session/app-objects.ts';
import { hastyClock } from '#test/session/clocks.ts';
import { runningHome } from '#test/session/hooked.ts';
import { openStage, type Stage } from '#test/session/stage.ts';
import { claimFrom } from '#test/support/claim-from.ts';

let stage: Stage;
let asked = 0;
let port = 0;
const inner = createServer((_, response) => {
  asked += 1;
  response.end();
});
before(async () => {
  stage = await openStage();
  await new Promise<void>((up) => {
    inner.listen(0, '127.0.0.1', up);
  });
  ({ port } = inner.address() as AddressInfo);
});
after(async () => {
  inner.closeAllConnections();
  inner.close();
  await stage.stop();
});

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
    ['spec.dataSourceRef.namespace', withSpec({ dataSourceRef: { ...source, namespace: 'other' } })],
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

test('a template without metadata or spec is Invalid, too', () => {
  for (const given of [{ metadata: undefined }, { spec: undefined }]) {
    assert.throws(() => expandTemplates(session(given)), { kind: 'invalid' });
  }
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

test('snapshot, trigger and restore connect to the host of a hook only if they are told to', async () => {
  const clock = hastyClock();
  const namespace = await runningHome(stage, ['data']);
  const hook = { httpGet: { host: 'localhost', port } };
  const configuration = appConfiguration({ name: 'deploy-app', namespace }, { hooks: { preBackup: hook } });
  await stage.cluster.create(backupConfigurations, configuration);
  const play = (argv: string, code: number, stdin = '') => {
    const { exit, context } = stage.play(`${argv} --executor=local`, { namespace, clock, stdin });
    return exit.then((given) => {
      assert.equal(given, code, context.stderr());
      return context.stderr();
    });
  };
  const refused =
    /host localhost is not the pod's own: without --allow-hook-hosts, this command connects to pods/;
  assert.match(await play('snapshot deploy/app', 4), refused);
  assert.match(await play('trigger deploy-app', 4), refused);
  assert.equal(asked, 0);
  await play('snapshot deploy/app --allow-hook-hosts', 0);
  assert.equal(asked, 1);

  await stage.cluster.patch(
    backupConfigurations,
    { name: 'deploy-app', namespace },
    { spec: { hooks: { preBackup: { httpGet: { host: null } }, postBackup: hook } } },
  );
  assert.match(
    await play('snapshot deploy/app', 4),
    /host localhost of the postBackup hook is not the pod's own/,
  );
  assert.equal(asked, 1);

  const [snapshot] = await stage.all(volumeSnapshots, namespace);
  const template = claimFrom(snapshot?.metadata.name ?? '', 'data-back');
  const { spec } = session(template, { ref: appRef });
  const file = { ...session({}), metadata: { name: 'back' }, spec: { ...spec, hooks: { preRestore: hook } } };
  assert.match(await play('restore -f -', 4, JSON.stringify(file)), refused);
  assert.equal(asked, 1);
});
