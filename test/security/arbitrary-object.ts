/** Objects that a definition admits, biased towards values that are large, extreme, or near to valid. */
import fc from 'fast-check';

import type { CustomResourceDefinition, JsonSchema, KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import type { Resource } from '#src/api/resources.ts';
import { present } from '#src/cluster/present.ts';

/** etcd stores no larger object. */
const largest = 1_500_000;

const large = 'x'.repeat(200_000);

const texts = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('', 'data', 'db', 'demo', 'data-${POD_ORDINAL}', 'VolumeSnapshot'),
  },
  { weight: 3, arbitrary: fc.constantFrom('StatefulSet', 'BackupConfiguration', 'snapshot.storage.k8s.io') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('10m', '1ms', '0', '99999999999h', '0 3 * * *', '@every 1ns', '* * 31 2 *'),
  },
  { weight: 2, arbitrary: fc.constantFrom('[]', '{}', 'null', '{"kind":3}', '["a"]', 'op 4', 'cli-1 x') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\u001b[2J', '\u202e', 'a\nb', '__proto__', 'constructor', '\ud800'),
  },
  fc.constantFrom(large, '${'.repeat(60_000), '1s'.repeat(60_000), '0,'.repeat(60_000), '['.repeat(60_000)),
  fc.string(),
);

const times = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

/** Values with which an object gets past the first checks. */
const likely: Readonly<Record<string, readonly unknown[]>> = {
  driver: ['VolumeSnapshotter'],
  apiGroup: ['snapshot.storage.k8s.io'],
  kind: ['VolumeSnapshot', 'StatefulSet', 'BackupConfiguration'],
  name: ['db', 'sts-db', 'data-${POD_ORDINAL}'],
  accessModes: [['ReadWriteOnce']],
  schedule: ['0 3 * * *', '@every 1ns', '* * 31 2 *'],
  timeOut: ['1ms', '99999999999h'],
  delay: ['0s', '99999999999h'],
  phase: ['Failed', 'Running'],
};

/** The API server sets these; a tenant chooses the name, labels and annotations. */
const metadata = fc.record(
  {
    name: fc.constantFrom('data', 'sts-db-1773457200', `a${'b'.repeat(252)}`),
    namespace: fc.constant('demo'),
    uid: fc.constant('u'),
    resourceVersion: fc.constant('1'),
    creationTimestamp: times,
    deletionTimestamp: times,
    generation: fc.nat(),
    finalizers: fc.array(texts, { maxLength: 3 }),
    labels: fc.dictionary(fc.constantFrom(...Object.values(label)), texts),
    annotations: fc.dictionary(fc.constantFrom('note', ...Object.values(annotation)), texts),
  },
  { requiredKeys: ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'] },
);

/** Objects of the kind as the adapter hands them on. */
export function arbitraryObject<T extends KubernetesObject>(
  { spec }: CustomResourceDefinition,
  resource: Resource<T>,
): fc.Arbitrary<Stored<T>> {
  const properties = spec.versions[0]?.schema?.openAPIV3Schema.properties ?? {};
  return fc
    .record(
      { metadata, spec: of(properties['spec'] ?? {}), status: of(properties['status'] ?? {}) },
      { requiredKeys: ['metadata'] },
    )
    .filter((object) => JSON.stringify(object).length <= largest)
    .map((object) => present(resource, object as unknown as Stored<T>));
}

function field(key: string, schema: JsonSchema): fc.Arbitrary<unknown> {
  const values =
    likely[key]?.filter((value) => (schema.enum as unknown[] | undefined)?.includes(value) ?? true) ?? [];
  return values.length === 0
    ? of(schema)
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, of(schema));
}

function of(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...(schema.enum as unknown[]));
  if (schema['x-kubernetes-int-or-string'] === true) {
    return schema.pattern === undefined
      ? fc.oneof(numbers, texts)
      : fc.oneof(numbers, fc.constantFrom('1Gi', '1e30'));
  }
  switch (schema.type) {
    case 'object':
      return objects(schema);
    case 'array':
      return lists(of(schema.items ?? {}));
    case 'string':
      return schema.format === 'date-time' ? times : texts;
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return numbers;
    case undefined:
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

const numbers = fc.oneof(
  fc.constantFrom(0, 1, 3, 1_000, 2_147_483_647, -2_147_483_648),
  fc.integer({ min: -5, max: 20 }),
);

/** A few items, or the same one many times. */
function lists(items: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.array(items, { maxLength: 3 }) },
    items.map((item) => {
      const { length } = JSON.stringify(item);
      return Array.from({ length: Math.min(2_000, Math.ceil(1_000_000 / length)) }, () => item);
    }),
  );
}

function objects({
  properties = {},
  required = [],
  additionalProperties,
  ...schema
}: JsonSchema): fc.Arbitrary<unknown> {
  if (typeof additionalProperties === 'object') {
    return fc.dictionary(fc.constantFrom('app', 'a.b/c', '__proto__', large), of(additionalProperties), {
      maxKeys: 3,
    });
  }
  const known = fc.record(
    Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, field(key, child)])),
    { requiredKeys: required },
  );
  if (schema['x-kubernetes-preserve-unknown-fields'] !== true) return known;
  const unknown = fc.dictionary(fc.constantFrom('pod', 'container', 'other'), fc.jsonValue({ maxDepth: 3 }), {
    maxKeys: 2,
  });
  return fc.tuple(unknown, known).map(([more, own]) => ({ ...more, ...own }));
}
