/** What the server knows of a kind of object. */
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
  /** Has a status subresource: a write to the object then leaves the status alone, and the other way round. */
  readonly status: boolean;
  /** Has a scale subresource over `spec.replicas`. */
  readonly scale: boolean;
  /** Whether `metadata.generation` counts the changes of what is not metadata or status. */
  readonly generation: boolean;
  /** Field selectors beside `metadata.name` and `metadata.namespace`. */
  readonly selectableFields: readonly string[];
  /** Set for kinds that a CustomResourceDefinition made. */
  readonly custom?: { readonly schema: JsonSchema; readonly columns: readonly PrinterColumn[] | undefined };
}

/** Where the store keeps a kind's objects; every version of a kind shares it. */
export function collectionOf(resource: Pick<Resource, 'group' | 'plural'>): string {
  return `${resource.group}/${resource.plural}`;
}
