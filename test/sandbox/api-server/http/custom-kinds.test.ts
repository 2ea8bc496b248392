import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonSchema } from '#src/api/kubernetes.ts';

import { startBareServer, text, type BareServer, type Json } from '../bare-server.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widgets = '/apis/test.dev/v1/namespaces/default/widgets';
const merge = { 'content-type': 'application/merge-patch+json' };

const schema: JsonSchema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1 },
        color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
        port: { 'x-kubernetes-int-or-string': true },
        note: { type: 'string', nullable: true },
        free: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { n: { type: 'integer' } },
        },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        parts: {
          type: 'array',
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, count: { type: 'integer', default: 1 } },
          },
        },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
};

async function withWidgets(): Promise<BareServer> {
  const server = await startBareServer();
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    subresources: { status: {} },
  };
  const { code } = await server.send('POST', definitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.test.dev' },
    spec: {
      group: 'test.dev',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [version],
    },
  });
  assert.equal(code, 201);
  return server;
}

function widget(name: string, spec: object, more: object = {}): object {
  return { apiVersion: 'test.dev/v1', kind: 'Widget', metadata: { name }, spec, ...more };
}

await test('a definition is served at once, and listed in discovery', async () => {
  await using server = await withWidgets();
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

await test('objects are pruned and given their defaults', async () => {
  await using server = await withWidgets();
  const spec = {
    size: 1,
    port: '80%',
    note: null,
    unknown: true,
    free: { n: 1, anything: { goes: [1] } },
    labels: { a: 'b' },
    parts: [{ name: 'p', extra: 1 }],
  };
  const { body, headers } = await server.send(
    'POST',
    widgets,
    widget('w', spec, { status: { phase: 'Done' }, more: 1 }),
  );
  assert.deepEqual(body['spec'], {
    size: 1,
    color: 'red',
    port: '80%',
    note: null,
    free: { n: 1, anything: { goes: [1] } },
    labels: { a: 'b' },
    parts: [{ name: 'p', count: 1 }],
  });
  assert.equal(body['status'], undefined);
  assert.equal(body['more'], undefined);
  assert.match(text(headers.warning as unknown as Json), /299 - "unknown field \\"spec\.unknown\\""/);
});

await test('unknown fields are refused by name where the client asks for it', async () => {
  await using server = await withWidgets();
  const strict = await server.send(
    'POST',
    `${widgets}?fieldValidation=Strict`,
    widget('w', { size: 1, parts: [{ nam: 'p' }] }),
  );
  assert.equal(strict.code, 400);
  assert.match(text(strict.body['message']), /strict decoding error: unknown field "spec\.parts\[0\]\.nam"$/);
  const ignored = await server.send(
    'POST',
    `${widgets}?fieldValidation=Ignore`,
    widget('w', { size: 1, x: 1 }),
  );
  assert.deepEqual([ignored.code, ignored.headers['warning']], [201, undefined]);
});

await test('what the schema forbids is Invalid, with a cause per field', async () => {
  await using server = await withWidgets();
  const rows: [object: object, cause: string][] = [
    [widget('w', {}), 'spec.size: Required value'],
    [{ metadata: { name: 'w' } }, 'spec: Required value'],
    [
      widget('w', { size: 0 }),
      'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    ],
    [
      widget('w', { size: 'x' }),
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    ],
    [
      widget('w', { size: 1, color: 'green' }),
      'spec.color: Unsupported value: "green": supported values: "red", "blue"',
    ],
    [
      widget('w', { size: 1, parts: [{ count: 'x' }] }),
      'spec.parts[0].count: Invalid value: "string": spec.parts[0].count in body must be of type integer: "string"',
    ],
  ];
  for (const [object, cause] of rows) {
    const { code, body } = await server.send('POST', widgets, object);
    assert.equal(code, 422, cause);
    assert.equal(text(body['message']), `Widget.test.dev "w" is invalid: ${cause}`);
    assert.equal(text(body['details']?.['causes']?.[0]?.['field']), cause.slice(0, cause.indexOf(':')));
  }
});

await test('status and generation of a custom kind', async () => {
  await using server = await withWidgets();
  await server.send('POST', widgets, widget('w', { size: 1 }));
  const status = await server.send(
    'PATCH',
    `${widgets}/w/status`,
    { spec: { size: 9 }, status: { phase: 'Done', x: 1 } },
    merge,
  );
  assert.deepEqual([status.body['spec']?.['size'], status.body['status']], [1, { phase: 'Done' }]);
  assert.equal(status.body['metadata']?.['generation'], 1);
  const labelled = await server.send('PATCH', `${widgets}/w`, { metadata: { labels: { a: 'b' } } }, merge);
  assert.equal(labelled.body['metadata']?.['generation'], 1);
  const changed = await server.send('PATCH', `${widgets}/w`, { spec: { size: 2 } }, merge);
  assert.equal(changed.body['metadata']?.['generation'], 2);
});

await test('a definition that goes takes its objects along, and waits for those that are held', async () => {
  await using server = await withWidgets();
  await server.send('POST', widgets, widget('free', { size: 1 }));
  await server.send('POST', widgets, {
    ...widget('held', { size: 1 }),
    metadata: { name: 'held', finalizers: ['x/hold'] },
  });
  await server.send('DELETE', `${definitions}/widgets.test.dev`);
  assert.equal((await server.send('GET', `${widgets}/free`)).code, 404);
  assert.equal((await server.send('GET', `${definitions}/widgets.test.dev`)).code, 200);
  await server.send('PATCH', `${widgets}/held`, { metadata: { finalizers: null } }, merge);
  assert.equal((await server.send('GET', `${definitions}/widgets.test.dev`)).code, 404);
  const gone = await server.send('GET', widgets);
  assert.match(text(gone.body['message']), /could not find the requested resource/);
});
