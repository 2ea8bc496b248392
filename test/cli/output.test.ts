import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { printObjects, type ObjectFormat } from '#src/cli/output.ts';
import { testContext } from '#test/support/context.ts';

const session = {
  apiVersion: 'stash.appscode.com/v1beta1',
  kind: 'BackupSession',
  metadata: { name: 'foo-1', managedFields: [{ manager: 'x' }] },
  spec: { note: 'yes' },
};
const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } };

async function printed(
  format: ObjectFormat,
  objects: KubernetesObject | KubernetesObject[],
): Promise<string> {
  const context = testContext();
  await printObjects(context.out, format, objects);
  return context.stdout();
}

test('name: one line per object', async () => {
  assert.equal(await printed('name', session), 'backupsession.stash.appscode.com/foo-1\n');
  assert.equal(
    await printed('name', [session, claim]),
    'backupsession.stash.appscode.com/foo-1\npersistentvolumeclaim/data\n',
  );
  assert.equal(await printed('name', []), '');
});

test('json: an object, or a List, without managed fields', async () => {
  const shown = { ...session, metadata: { name: 'foo-1' } };
  assert.deepEqual(JSON.parse(await printed('json', session)), shown);
  assert.deepEqual(JSON.parse(await printed('json', [session])), {
    apiVersion: 'v1',
    kind: 'List',
    metadata: { resourceVersion: '' },
    items: [shown],
  });
});

test('yaml: strings that look like something else are quoted', async () => {
  assert.equal(
    await printed('yaml', { ...session, spec: { note: 'yes', size: '1' } } as KubernetesObject),
    [
      'apiVersion: stash.appscode.com/v1beta1',
      'kind: BackupSession',
      'metadata:',
      '  name: foo-1',
      'spec:',
      "  note: 'yes'",
      "  size: '1'",
      '',
    ].join('\n'),
  );
});
