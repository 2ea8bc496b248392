/** Results for programs: `-o json`, `-o yaml`, `-o name`, as kubectl prints objects. */
import type { Writable } from 'node:stream';

import type { KubernetesObject } from '#src/api/kubernetes.ts';

export type ObjectFormat = 'json' | 'yaml' | 'name';

/** One object as it is, several (an array, of any length) as a List; `name` is one line for each. */
export async function printObjects(
  out: Writable,
  format: ObjectFormat,
  objects: KubernetesObject | readonly KubernetesObject[],
): Promise<void> {
  if (format === 'name') {
    out.write(
      [objects]
        .flat()
        .map((object) => `${qualifiedName(object)}\n`)
        .join(''),
    );
    return;
  }
  const shown = isList(objects)
    ? {
        apiVersion: 'v1',
        kind: 'List',
        metadata: { resourceVersion: '' },
        items: objects.map(withoutManagedFields),
      }
    : withoutManagedFields(objects);
  out.write(format === 'json' ? toJson(shown) : await toYaml(shown));
}

/** The objects of a dry run: in `format`, or a line for each. */
export async function printDryRun(
  out: Writable,
  format: ObjectFormat | undefined,
  mode: 'client' | 'server',
  objects: readonly KubernetesObject[],
): Promise<void> {
  if (format !== undefined) return printObjects(out, format, objects);
  out.write(dryRunLines('created', mode, objects));
}

/** Beside them, what a dry run would delete: a line for each. */
export function printDeletions(
  out: Writable,
  mode: 'client' | 'server',
  objects: readonly KubernetesObject[],
): void {
  out.write(dryRunLines('deleted', mode, objects));
}

function dryRunLines(
  what: 'created' | 'deleted',
  mode: 'client' | 'server',
  objects: readonly KubernetesObject[],
): string {
  const where = mode === 'server' ? 'server dry run' : 'dry run';
  return objects.map((object) => `${qualifiedName(object)} would be ${what} (${where})\n`).join('');
}

/** `backupsession.stash.appscode.com/foo`; `persistentvolumeclaim/foo` in the core group. */
export function qualifiedName({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/', 1).join()}` : '';
  return `${kind.toLowerCase()}${group}/${metadata.name ?? ''}`;
}

export function toJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 4)}\n`;
}

export async function toYaml(value: unknown): Promise<string> {
  const { dump } = await import('js-yaml');
  return dump(value, { lineWidth: -1, noRefs: true });
}

function isList(
  objects: KubernetesObject | readonly KubernetesObject[],
): objects is readonly KubernetesObject[] {
  return Array.isArray(objects);
}

function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  return {
    ...object,
    metadata: { ...object.metadata, managedFields: undefined } as KubernetesObject['metadata'],
  };
}
