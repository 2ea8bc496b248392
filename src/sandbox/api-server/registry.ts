/** The kinds that the server serves: built-in ones, and those that CustomResourceDefinitions add. */
import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';
import { customResourceDefinitions, type Resource } from '#src/api/resources.ts';

import { builtInKinds } from './built-in-kinds.ts';
import { allVerbs, collectionOf, type Kind } from './kind.ts';
import type { StoredObject } from './object.ts';
import type { Store } from './store.ts';

export interface Registry {
  find(group: string, version: string, plural: string): Kind | undefined;
  kinds(): readonly Kind[];
}

/** Reads the definitions in the store and follows their changes. */
export function createRegistry(store: Store): Registry {
  const kinds = new Map(builtInKinds.map((kind) => [keyOf(kind), kind]));
  const definitions = collectionOf(customResourceDefinitions);
  for (const kind of store.list(definitions).flatMap(kindsOf)) kinds.set(keyOf(kind), kind);
  store.subscribe(definitions, ({ type, object, before }) => {
    for (const kind of before ? kindsOf(before) : []) kinds.delete(keyOf(kind));
    for (const kind of type === 'removed' ? [] : kindsOf(object)) kinds.set(keyOf(kind), kind);
  });
  return {
    find: (group, version, plural) => kinds.get(keyOf({ group, version, plural })),
    kinds: () => [...kinds.values()],
  };
}

function keyOf(resource: Pick<Resource, 'group' | 'version' | 'plural'>): string {
  return `${resource.group}/${resource.version}/${resource.plural}`;
}

/** Returns the kinds that a definition serves, one per version. */
export function kindsOf(object: StoredObject): Kind[] {
  const { group, names, scope, versions } = (object as object as CustomResourceDefinition).spec;
  return versions
    .filter((version) => version.served)
    .map((version) => ({
      group,
      version: version.name,
      kind: names.kind,
      plural: names.plural,
      namespaced: scope === 'Namespaced',
      singular: names.singular,
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      verbs: allVerbs,
      status: version.subresources?.status !== undefined,
      scale: false,
      generation: true,
      selectableFields: [],
      custom: {
        schema: version.schema?.openAPIV3Schema ?? { 'x-kubernetes-preserve-unknown-fields': true },
        columns: version.additionalPrinterColumns,
      },
    }));
}
