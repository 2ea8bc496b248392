/**
 * Finds fields of a RestoreSession that ask for more than a restore. The operator, its Jobs and the command line create
 * the claims with rights that the author of the session may not have.
 */
import type { JsonSchema } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { fieldPath } from '#src/domain/field-path.ts';
import { quoted, shortened } from '#src/domain/quoted.ts';
import { isRefusedInTemplates, selectedNode } from '#src/domain/restore-points/claim-annotations.ts';
import { unknownFields } from '#src/domain/unknown-fields.ts';

const leaf: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true };

function fields(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', properties };
}

const source = { apiGroup: leaf, kind: leaf, name: leaf };

/** The API server sets or ignores the fields outside of `spec` that this file does not read. */
const template = fields({
  apiVersion: leaf,
  kind: leaf,
  status: leaf,
  metadata: fields({ name: leaf, namespace: leaf, labels: leaf, annotations: leaf, creationTimestamp: leaf }),
  spec: fields({
    accessModes: leaf,
    resources: fields({ requests: leaf, limits: leaf }),
    storageClassName: leaf,
    volumeAttributesClassName: leaf,
    volumeMode: leaf,
    dataSource: fields(source),
    dataSourceRef: fields({ ...source, namespace: leaf }),
  }),
});
const list = fields({ volumeClaimTemplates: { type: 'array', items: template } });

export interface ForeignField {
  /** `spec.target.volumeClaimTemplates[0].spec.volumeName` */
  readonly field: string;
  /** The reason, worded to follow the field's name. */
  readonly why: string;
}

/**
 * Returns the first field that a restore of a snapshot in the session's namespace does not need. Undefined if there is
 * none.
 */
export function foreignField({ metadata, spec }: RestoreSession): ForeignField | undefined {
  const { ref, volumeClaimTemplates } = spec.target ?? {};
  const foreign = (field: string, namespace: string | null | undefined): ForeignField[] =>
    isForeign(namespace ?? '', metadata.namespace ?? '')
      ? [{ field, why: `is ${quoted(namespace ?? '')}, which is not the session's namespace` }]
      : [];
  // The CRD requires neither `metadata` nor `spec`.
  const templates: readonly Partial<VolumeClaimTemplate>[] = volumeClaimTemplates ?? [];
  return [
    ...foreign('spec.target.ref.namespace', ref?.namespace),
    ...unknownFields({ volumeClaimTemplates: templates }, list).map((path) => ({
      field: `spec.target.${shortened(path)}`,
      why: 'is refused: a restored claim gets a new volume from its snapshot, and nothing else',
    })),
    ...templates.flatMap((template, index) => {
      const at = `spec.target.volumeClaimTemplates[${index}]`;
      return [
        ...foreign(`${at}.metadata.namespace`, template.metadata?.namespace),
        ...foreign(`${at}.spec.dataSourceRef.namespace`, template.spec?.dataSourceRef?.namespace),
        ...Object.keys(template.metadata?.annotations ?? {})
          .filter(isRefusedInTemplates)
          // Only a command line carries a restore in place out, with the user's own rights.
          .filter((name) => name !== selectedNode || metadata.annotations?.[annotation.inPlace] === undefined)
          .map((name) => ({
            field: shortened(fieldPath(`${at}.metadata.annotations`, name)),
            why: 'is refused: only the control plane may set it',
          })),
        ...(hasOtherRef(template)
          ? [{ field: `${at}.spec.dataSourceRef`, why: 'is refused: it is not the same as the dataSource' }]
          : []),
      ];
    }),
  ][0];
}

/** Returns false if the session has no namespace yet: no namespace is foreign then. */
function isForeign(namespace: string, own: string): boolean {
  return namespace !== '' && own !== '' && namespace !== own;
}

function hasOtherRef({ spec: { dataSource, dataSourceRef } = {} }: Partial<VolumeClaimTemplate>): boolean {
  if (!dataSource || !dataSourceRef) return false;
  const { apiGroup, kind, name } = dataSourceRef;
  return apiGroup !== dataSource.apiGroup || kind !== dataSource.kind || name !== dataSource.name;
}
