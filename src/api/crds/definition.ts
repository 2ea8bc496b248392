import type { CustomResourceDefinition, JsonSchema, PrinterColumn } from '../kubernetes.ts';
import { label, managedBy, stashGroup } from '../labels.ts';
import { string } from '../schema.ts';

interface Kind {
  kind: string;
  shortNames?: string[];
  columns: PrinterColumn[];
  /** Schema of the whole object, as `objectSchema` builds it. */
  schema: JsonSchema;
}

/** Returns the CRD of one of Stash's three kinds: namespaced, one version, with a status subresource. */
export function stashDefinition({ kind, shortNames, columns, schema }: Kind): CustomResourceDefinition {
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${stashGroup}`, labels: { [label.managedBy]: managedBy } },
    spec: {
      group: stashGroup,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        ...(shortNames && { shortNames }),
        categories: ['stash', 'appscode', 'all'],
      },
      versions: [
        {
          name: 'v1beta1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
}

/**
 * Returns the schema of a whole object. The API server validates `metadata` itself and rejects a CRD that
 * describes it further.
 */
export function objectSchema(description: string, spec: JsonSchema, status: JsonSchema): JsonSchema {
  return {
    description,
    type: 'object',
    properties: {
      apiVersion: string('API version of this object.'),
      kind: string('Kind of this object.'),
      metadata: { type: 'object' },
      spec,
      status,
    },
  };
}

export function column(name: string, jsonPath: string, type = 'string'): PrinterColumn {
  return { name, type, jsonPath };
}

export const ageColumn = column('Age', '.metadata.creationTimestamp', 'date');
