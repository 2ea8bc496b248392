/** The formats of `-o`, as kubectl prints them. */
import type { Writable } from 'node:stream';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { parseColumns, type CustomColumn } from '#src/domain/json-path/custom-columns.ts';
import { parseTemplate } from '#src/domain/json-path/parse.ts';
import { renderCell, renderTemplate } from '#src/domain/json-path/render.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import type { Chosen, Flag } from './command.ts';
import { printLine } from './print-line.ts';
import { toJson, toYaml } from './visible-data.ts';

/** How each format is printed; `argument` is the text after its `=`. A new format needs an entry here and in `offered`. */
const formats: {
  readonly [C in Choice]: (
    shown: Shown<Chosen<C>>,
    argument: string,
    options: PrintOptions,
  ) => string | Promise<string>;
} = {
  name: ({ names }) =>
    names()
      .map((name) => `${sanitize(name)}\n`)
      .join(''),
  wide: ({ table }) => table(),
  json: ({ value }) => toJson(value()),
  yaml: async ({ value }, _, { further }) => `${further === true ? '---\n' : ''}${await toYaml(value())}`,
  'jsonpath=TEMPLATE': ({ value }, template) => renderTemplate(parseTemplate(template), value()),
  'custom-columns=SPEC': ({ value }, spec, options) => columnsText(parseColumns(spec), value(), options),
};

export interface PrintOptions {
  /** Print columns without their headers. */
  readonly noHeaders?: boolean;
  /** In YAML, begin another document. */
  readonly further?: boolean;
}

interface Parts {
  /** An object, or a list of them. */
  readonly value: () => unknown;
  /** One for each object. */
  readonly names: () => readonly string[];
  readonly table: () => string;
}

interface Needs {
  readonly name: 'names';
  readonly wide: 'table';
  readonly json: 'value';
  readonly yaml: 'value';
  readonly [jsonpath: `jsonpath=${string}`]: 'value';
  readonly [columns: `custom-columns=${string}`]: 'value';
}

export type OutputFormat = keyof Needs;
export type Shown<F extends OutputFormat> = Pick<Parts, Needs[F]>;

/** The formats that a command offers, by what it prints, in the order of the help text. */
const value = ['json', 'yaml', 'jsonpath=TEMPLATE', 'custom-columns=SPEC'] as const;
const offered = {
  objects: ['name', ...value],
  table: ['wide', 'name', ...value],
  value,
  names: ['name'],
} as const satisfies Record<string, readonly OutputFormat[]>;

type Choice = (typeof offered)[keyof typeof offered][number];
export type ObjectFormat = Chosen<(typeof offered.objects)[number]>;

/** `output: outputFlag('objects')`. */
export function outputFlag<P extends keyof typeof offered>(prints: P): OutputFlag<P> {
  return {
    ...{ type: 'string', alias: 'o', choices: offered[prints], check: checkArgument },
    description: 'Output format.',
  };
}

type OutputFlag<P extends keyof typeof offered> = Flag & {
  readonly type: 'string';
  readonly choices: (typeof offered)[P];
};

const readers: Readonly<Record<string, (argument: string) => unknown>> = {
  jsonpath: parseTemplate,
  'custom-columns': parseColumns,
};

function checkArgument(format: string): void {
  const [name = ''] = format.split('=', 1);
  readers[name]?.(format.slice(name.length + 1));
}

export async function print<F extends OutputFormat>(
  out: Writable,
  format: F,
  shown: Shown<F>,
  options: PrintOptions = {},
): Promise<void> {
  const [name = ''] = format.split('=', 1);
  const choice = choices.find((each) => each.split('=', 1).join() === name) ?? 'json';
  // `Shown<F>` has the parts that the choice of this name needs.
  out.write(await formats[choice](shown as unknown as Parts, format.slice(name.length + 1), options));
}

const choices = Object.keys(formats) as readonly Choice[];

/** One row for each item of a list; one for any other value. */
async function columnsText(
  columns: readonly CustomColumn[],
  value: unknown,
  { noHeaders }: PrintOptions,
): Promise<string> {
  const { renderTable } = await import('#src/report/table.ts');
  const headers = columns.map(({ header }) => header);
  const rows = itemsOf(value).map((item) => columns.map(({ path }) => renderCell(path, item)));
  return renderTable(headers, rows, { header: noHeaders === true ? 'none' : 'as-written' });
}

function itemsOf(value: unknown): readonly unknown[] {
  const isList =
    typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items);
  return isList ? (value.items as unknown[]) : [value];
}

/** Prints an object as itself, and an array of any length as a List; with `name`, one line per object. */
export function printObjects(
  out: Writable,
  format: ObjectFormat,
  objects: KubernetesObject | readonly KubernetesObject[],
): Promise<void> {
  return print(out, format, {
    names: () => [objects].flat().map(qualifiedName),
    value: () =>
      isList(objects)
        ? {
            apiVersion: 'v1',
            kind: 'List',
            metadata: { resourceVersion: '' },
            items: objects.map(withoutManagedFields),
          }
        : withoutManagedFields(objects),
  });
}

/** Prints objects in `format`; without a format, one line per object with its outcome: `created`. */
export async function printOutcome(
  out: Writable,
  format: ObjectFormat | undefined,
  objects: KubernetesObject | readonly KubernetesObject[],
  outcome: string,
): Promise<void> {
  if (format !== undefined) return printObjects(out, format, objects);
  for (const object of [objects].flat()) printLine(out, `${qualifiedName(object)} ${outcome}`);
}

/** Prints objects for `kubectl apply -f -`: in YAML one document per object, else as `printObjects`. */
export async function printManifests(
  out: Writable,
  format: Exclude<ObjectFormat, 'name'>,
  objects: readonly KubernetesObject[],
): Promise<void> {
  if (format !== 'yaml') return printObjects(out, format, objects);
  for (const [index, object] of objects.entries()) {
    if (index > 0) out.write('---\n');
    await printObjects(out, format, object);
  }
}

/** `would be created (dry run)` */
export function wouldBe(what: 'created' | 'deleted', mode: 'client' | 'server'): string {
  return `would be ${what} (${mode === 'server' ? 'server dry run' : 'dry run'})`;
}

/** For `printObjects`: an array with one element becomes that element. */
export function oneOrMany<T extends KubernetesObject>(objects: readonly T[]): T | readonly T[] {
  const [only, ...more] = objects;
  return only === undefined || more.length > 0 ? objects : only;
}

/** `backupsession.stash.appscode.com/foo`; in the core group `persistentvolumeclaim/foo`. */
export function qualifiedName({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/', 1).join()}` : '';
  return `${kind.toLowerCase()}${group}/${metadata.name ?? ''}`;
}

function isList(
  objects: KubernetesObject | readonly KubernetesObject[],
): objects is readonly KubernetesObject[] {
  return Array.isArray(objects);
}

function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  const metadata = { ...object.metadata };
  delete metadata.managedFields;
  return { ...object, metadata };
}
