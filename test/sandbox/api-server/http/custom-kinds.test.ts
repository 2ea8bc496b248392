import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startBareServer } from '../bare-server.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

await test('a definition is served at once, and listed in discovery', async () => {
  await using server = await startBareServer();
  const spec = { type: 'object', properties: { size: { type: 'integer' } } };
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
    subresources: { status: {} },
  };
  await server.send('POST', definitions, {
    metadata: { name: 'widgets.test.dev' },
    spec: {
      group: 'test.dev',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [version],
    },
  });
  const { body: definition } = await server.send('GET', `${definitions}/widgets.test.dev`);
  const conditions = definition['status']?.['conditions'] as unknown as { type: string; status: string }[];
  assert.equal(conditions.find(({ type }) => type === 'Established')?.status, 'True');
  const { body: groups } = await server.send('GET', '/apis');
  assert.ok((groups['groups'] as unknown as { name: string }[]).some(({ name }) => name === 'test.dev'));
  const { body: list } = await server.send('GET', '/apis/test.dev/v1');
  const names = (list['resources'] as unknown as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names, ['widgets', 'widgets/status']);
  const openapi = await server.send('GET', '/openapi/v3/apis/test.dev/v1');
  assert.ok(openapi.body['paths']?.['/apis/test.dev/v1/namespaces/{namespace}/widgets/{name}']?.['patch']);
  const explained = openapi.body['components']?.['schemas']?.['test.dev.v1.Widget'];
  assert.equal(explained?.['properties']?.['spec']?.['properties']?.['size']?.['type'], 'integer');
});
