/** A table column: a function of the object and the time. */
import type { StoredObject } from '../object.ts';
import { numberAt, stringAt } from '../json.ts';
import { ageOf } from './age.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** Above 0: shown by `-o wide` only. */
  readonly priority: number;
  readonly cell: (object: StoredObject, now: Date) => unknown;
}

/** A column with a computed cell. */
export function column(name: string, cell: Column['cell'], type = 'string'): Column {
  return { name, type, priority: 0, cell };
}

/** A column with the number at this path. */
export function count(name: string, ...path: string[]): Column {
  return column(name, (it) => numberAt(it, ...path) ?? 0, 'integer');
}

/** A column with the string at this path. */
export function text(name: string, ...path: string[]): Column {
  return column(name, (it) => stringAt(it, ...path) ?? '');
}

/** The same columns, shown by `-o wide` only. */
export function wide(...columns: Column[]): Column[] {
  return columns.map((it) => ({ ...it, priority: 1 }));
}

export const nameColumn: Column = {
  ...column('Name', (it) => it.metadata.name),
  format: 'name',
  description: 'Name must be unique within a namespace.',
};

export const ageColumn = column('Age', (it, now) => ageOf(it.metadata.creationTimestamp, now));
