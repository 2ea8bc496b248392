/** Builds the tables that `kubectl get` prints (`meta.k8s.io/v1` Table). */
import type { PrinterColumn } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';

import type { JsonObject } from '../json.ts';
import { collectionOf, type Kind } from '../kind.ts';
import type { StoredObject } from '../object.ts';
import { ageOf } from './age.ts';
import { builtInColumns } from './built-in-columns.ts';
import { ageColumn, nameColumn, type Column } from './column.ts';
import { evaluateJsonPath } from './json-path.ts';

/** How much of each object its row contains. */
export type Include = 'None' | 'Metadata' | 'Object';

export function wantsTable(accept: string | undefined): boolean {
  return /application\/json;as=Table;v=v1;g=meta\.k8s\.io/.test(accept?.replaceAll(' ', '') ?? '');
}

/** Returns true if the client asks for `PartialObjectMetadata` or a list of it. */
export function wantsMetadata(accept: string | undefined): boolean {
  return /application\/json;as=PartialObjectMetadata(List)?;v=v1;g=meta\.k8s\.io/.test(
    accept?.replaceAll(' ', '') ?? '',
  );
}

/** Returns the object's metadata only. */
export function partial({ metadata }: StoredObject): StoredObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

export function tableOf(
  kind: Kind,
  objects: readonly StoredObject[],
  options: { readonly now: Date; readonly include: Include; readonly resourceVersion: string },
): JsonObject {
  const columns = columnsOf(kind);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: options.resourceVersion },
    columnDefinitions: columns.map(({ name, type, format = '', description = '', priority }) => ({
      name,
      type,
      format,
      description,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, options.now)),
      object: { None: null, Metadata: partial(object), Object: object }[options.include],
    })),
  };
}

function columnsOf(kind: Kind): Column[] {
  if (kind.custom?.columns && kind.custom.columns.length > 0) {
    return [nameColumn, ...kind.custom.columns.map(customColumn)];
  }
  const collection = collectionOf(kind);
  const columns = builtInColumns[collection] ?? [ageColumn];
  return [collection === 'storage.k8s.io/storageclasses' ? classNameColumn : nameColumn, ...columns];
}

const classNameColumn: Column = {
  ...nameColumn,
  cell: ({ metadata: { name, annotations } }) =>
    annotations?.[annotation.defaultStorageClass] === 'true' ? `${name} (default)` : name,
};

function customColumn({ name, type, jsonPath, format, description, priority = 0 }: PrinterColumn): Column {
  const cell = (object: StoredObject, now: Date): unknown => {
    const values = evaluateJsonPath(object, jsonPath);
    if (values.length === 0) return null;
    if (type === 'date') return ageOf(String(values[0]), now);
    if (type !== 'string') return values[0];
    return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(',');
  };
  return {
    name,
    type,
    priority,
    cell,
    ...(format && { format }),
    ...(description && { description }),
  };
}
