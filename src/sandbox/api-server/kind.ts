/** What the server knows about a kind. */
import type { JsonSchema, PrinterColumn } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';

export const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;

export interface Kind extends Resource {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** Has a status subresource: a write to the object leaves the status alone, and vice versa. */
  readonly status: boolean;
  /** Has a scale subresource over `spec.replicas`. */
  readonly scale: boolean;
  /** Whether `metadata.generation` counts changes outside metadata and status. */
  readonly generation: boolean;
  /** Field selectors other than `metadata.name` and `metadata.namespace`. */
  readonly selectableFields: readonly string[];
  /** Set for kinds that a CustomResourceDefinition added. */
  readonly custom?: { readonly schema: JsonSchema; readonly columns: readonly PrinterColumn[] | undefined };
}

/** Returns the store's key for a kind's objects; all versions of a kind share it. */
export function collectionOf(resource: Pick<Resource, 'group' | 'plural'>): string {
  return `${resource.group}/${resource.plural}`;
}
