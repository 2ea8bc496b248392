import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { print, printObjects, type ObjectFormat } from '#src/cli/output.ts';
import { run } from '#src/cli/run.ts';
import { commands } from '#src/commands/index.ts';
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

test('jsonpath and custom-columns: of the object, or of each object', async () => {
  const columns = 'custom-columns=Name:.metadata.name,KIND:kind';
  assert.equal(await printed('jsonpath={.metadata.name}{"\\n"}', session), 'foo-1\n');
  assert.equal(
    await printed('jsonpath={.items[*].kind}', [session, claim]),
    'BackupSession PersistentVolumeClaim',
  );
  assert.equal(await printed(columns, session), 'Name    KIND\nfoo-1   BackupSession\n');
  assert.equal(
    await printed(columns, [session, claim]),
    'Name    KIND\nfoo-1   BackupSession\ndata    PersistentVolumeClaim\n',
  );
  assert.equal(await printed(columns, []), 'Name   KIND\n');
});

test('custom-columns without headers', async () => {
  for (const [items, text] of [
    [[session], 'foo-1\n'],
    [[], ''],
  ] as const) {
    const context = testContext();
    const shown = { value: () => ({ items }) };
    await print(context.out, 'custom-columns=N:.metadata.name', shown, { noHeaders: true });
    assert.equal(context.stdout(), text);
  }
});

for (const [format, why] of [
  ['jsonpath={.a', 'invalid JSONPath: unclosed action'],
  ['custom-columns=A', 'custom-columns: "A" is not HEADER:PATH'],
  ['jsonpath', '--output takes one of json, yaml, jsonpath=TEMPLATE, custom-columns=SPEC, not "jsonpath"'],
] as const) {
  test(`-o ${format} is refused before the command connects`, async () => {
    const context = testContext();
    assert.equal(await run(['doctor', '-o', format], context, commands), 2);
    assert.equal(context.stderr().split('\n')[0], `error: ${why}`);
  });
}
