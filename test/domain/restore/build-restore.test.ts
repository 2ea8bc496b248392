import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RestoreSession } from '#src/api/stash.ts';
import { annotation, label } from '#src/api/labels.ts';
import { flag } from '#src/domain/command-line.ts';
import { buildClaim, buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { readFlags } from '#src/domain/restore/restore-flags.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { readTarget } from '#src/domain/workload/target.ts';
import { created, stored, target } from '#test/domain/objects.ts';

const template = {
  metadata: { name: 'data', labels: { app: 'db' }, annotations: { note: 'x' } },
  spec: { accessModes: ['ReadWriteOnce' as const] },
};
const options = { target, templates: [template], restoredFrom: 's-1', at: new Date(created) };

test('a session names its workload, its restore point, and where they are known its flags and its holder', () => {
  const bare = buildRestoreSession(options);
  assert.equal(bare.kind, 'RestoreSession');
  assert.deepEqual(readTarget(stored(bare)), target);
  assert.deepEqual(
    Object.keys(bare.metadata.annotations ?? {}).sort(),
    [annotation.restoredFrom, annotation.target].sort(),
  );
  assert.equal(bare.metadata.annotations?.[annotation.restoredFrom], 's-1');
  assert.deepEqual(bare.spec, {
    driver: 'VolumeSnapshotter',
    target: { replicas: 1, volumeClaimTemplates: [template] },
  });
  const flags = [flag('--suffix', '-x')];
  const holder = { id: 'cli-1', counter: 2 };
  const full = buildRestoreSession({ ...options, flags, holder });
  assert.deepEqual(readFlags(full), flags);
  assert.deepEqual(readHolder(full), holder);
});

test('a claim carries the marks of its template, of its workload and of the session that made it', () => {
  const session = stored<RestoreSession>(buildRestoreSession(options));
  session.metadata.labels = { ...session.metadata.labels, team: 'a' };
  const ours = {
    [label.targetKind]: 'StatefulSet',
    [label.targetName]: 'db',
    [label.targetNamespace]: 'demo',
    [label.managedBy]: 'kubectl-stash',
  };
  const annotations = { note: 'x', [annotation.restoreSessionUid]: session.metadata.uid };
  assert.deepEqual(buildClaim(session, template), {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'demo', labels: { ...ours, app: 'db' }, annotations },
    spec: template.spec,
  });
  const { namespace, ...unplaced } = session.metadata;
  assert.equal(namespace, 'demo');
  const { metadata: given } = buildClaim({ ...session, metadata: unplaced }, template);
  assert.ok(!('namespace' in given), 'the namespace is that of the request');
  const forged = {
    ...template,
    metadata: {
      ...template.metadata,
      labels: { [label.managedBy]: 'Helm' },
      annotations: { [annotation.restoreSessionUid]: 'other' },
    },
  };
  const { metadata } = buildClaim(session, forged);
  assert.equal(metadata.labels?.[label.managedBy], 'Helm');
  assert.equal(metadata.annotations?.[annotation.restoreSessionUid], session.metadata.uid);
});
