/**
 * The kinds of `snapshot.storage.k8s.io/v1`, written for this sandbox: the fields that the snapshot workflow
 * uses.
 */
import type { CustomResourceDefinition, JsonSchema, PrinterColumn } from '#src/api/kubernetes.ts';

const text: JsonSchema = { type: 'string' };
const flag: JsonSchema = { type: 'boolean' };
const time: JsonSchema = { type: 'string', format: 'date-time' };
const integer: JsonSchema = { type: 'integer', format: 'int64', minimum: 0 };
const textMap: JsonSchema = { type: 'object', additionalProperties: text };
const deletionPolicy: JsonSchema = { type: 'string', enum: ['Delete', 'Retain'] };
const quantity: JsonSchema = {
  'x-kubernetes-int-or-string': true,
  pattern: String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTP]i)|[numkMGTPE]|([eE](\+|-)?[0-9]+))?$`,
};
const error = object({ message: text, time });

function object(properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema {
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

/** An object with exactly one of these fields, which is immutable. */
function exactlyOne(...names: string[]): JsonSchema {
  const properties = Object.fromEntries(names.map((name) => [name, fixed(name)]));
  const schema = { ...object(properties), 'x-kubernetes-validations': names.map(requiredOnceSet) };
  return { ...schema, oneOf: names.map((name) => ({ required: [name] })) };
}

function fixed(name: string): JsonSchema {
  return {
    ...text,
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: `${name} is immutable` }],
  };
}

function requiredOnceSet(name: string) {
  const rule = `!has(oldSelf.${name}) || has(self.${name})`;
  return { rule, message: `${name} is required once set` };
}

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

function column(name: string, type: string, jsonPath: string): PrinterColumn {
  return { name, type, jsonPath };
}

export const snapshotDefinitions: readonly CustomResourceDefinition[] = [
  define({
    kind: 'VolumeSnapshot',
    shortNames: ['vs'],
    namespaced: true,
    schema: object(
      {
        spec: object(
          {
            source: exactlyOne('persistentVolumeClaimName', 'volumeSnapshotContentName'),
            volumeSnapshotClassName: text,
          },
          ['source'],
        ),
        status: object({
          boundVolumeSnapshotContentName: text,
          creationTime: time,
          readyToUse: flag,
          restoreSize: quantity,
          error,
        }),
      },
      ['spec'],
    ),
    columns: [
      column('ReadyToUse', 'boolean', '.status.readyToUse'),
      column('SourcePVC', 'string', '.spec.source.persistentVolumeClaimName'),
      column('SourceSnapshotContent', 'string', '.spec.source.volumeSnapshotContentName'),
      column('RestoreSize', 'string', '.status.restoreSize'),
      column('SnapshotClass', 'string', '.spec.volumeSnapshotClassName'),
      column('SnapshotContent', 'string', '.status.boundVolumeSnapshotContentName'),
      column('CreationTime', 'date', '.status.creationTime'),
      age,
    ],
  }),
  define({
    kind: 'VolumeSnapshotClass',
    shortNames: ['vsclass', 'vsclasses'],
    namespaced: false,
    schema: object({ driver: text, deletionPolicy, parameters: textMap }, ['driver', 'deletionPolicy']),
    columns: [
      column('Driver', 'string', '.driver'),
      column('DeletionPolicy', 'string', '.deletionPolicy'),
      age,
    ],
  }),
  define({
    kind: 'VolumeSnapshotContent',
    shortNames: ['vsc', 'vscs'],
    namespaced: false,
    schema: object(
      {
        spec: {
          'x-kubernetes-validations': [requiredOnceSet('sourceVolumeMode')],
          ...object(
            {
              deletionPolicy,
              driver: text,
              source: exactlyOne('volumeHandle', 'snapshotHandle'),
              sourceVolumeMode: fixed('sourceVolumeMode'),
              volumeSnapshotClassName: text,
              volumeSnapshotRef: object({
                apiVersion: text,
                fieldPath: text,
                kind: text,
                name: text,
                namespace: text,
                resourceVersion: text,
                uid: text,
              }),
            },
            ['deletionPolicy', 'driver', 'source', 'volumeSnapshotRef'],
          ),
        },
        status: object({
          snapshotHandle: text,
          creationTime: integer,
          readyToUse: flag,
          restoreSize: integer,
          error,
        }),
      },
      ['spec'],
    ),
    columns: [
      column('ReadyToUse', 'boolean', '.status.readyToUse'),
      column('RestoreSize', 'integer', '.status.restoreSize'),
      column('DeletionPolicy', 'string', '.spec.deletionPolicy'),
      column('Driver', 'string', '.spec.driver'),
      column('VolumeSnapshotClass', 'string', '.spec.volumeSnapshotClassName'),
      column('VolumeSnapshot', 'string', '.spec.volumeSnapshotRef.name'),
      column('VolumeSnapshotNamespace', 'string', '.spec.volumeSnapshotRef.namespace'),
      age,
    ],
  }),
];

function define(definition: {
  kind: string;
  shortNames: string[];
  namespaced: boolean;
  schema: JsonSchema;
  columns: PrinterColumn[];
}): CustomResourceDefinition {
  const { kind, shortNames, namespaced, schema, columns } = definition;
  const singular = kind.toLowerCase();
  const plural = singular.endsWith('s') ? `${singular}es` : `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.snapshot.storage.k8s.io` },
    spec: {
      group: 'snapshot.storage.k8s.io',
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { kind, plural, singular, shortNames },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          ...(schema.properties?.['status'] && { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}
