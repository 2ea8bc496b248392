/** Prints the findings of `doctor`. */
import type { Diagnosis } from '#src/domain/checks/examine.ts';
import { firstOf } from '#src/domain/checks/few.ts';
import type { Level } from '#src/domain/finding.ts';
import { formatRight } from '#src/domain/rights.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { renderColumns } from './table.ts';

const apiVersion = 'cli.stash.appscode.com/v1alpha1';

/** What `-o json` and `-o yaml` print. These kinds exist in the output only; no API server serves them. */
export interface FindingList {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'FindingList';
  readonly items: readonly FindingItem[];
}

export interface FindingItem {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'Finding';
  /** Name of the check. */
  readonly check: string;
  readonly level: Level;
  /** Left out if the finding is about the whole cluster. */
  readonly namespace?: string;
  /** For example `deployment/foo`. Left out if the finding is about the cluster or the namespace. */
  readonly object?: string;
  readonly message: string;
  /** Command line after which the check passes. */
  readonly fix?: string;
  /** What the user can do or look at; several lines. */
  readonly hint?: string;
  /** The right that the user lacks: `list volumesnapshotclasses.snapshot.storage.k8s.io`. */
  readonly right?: string;
}

export function findingList(diagnoses: readonly Diagnosis[]): FindingList {
  return {
    apiVersion,
    kind: 'FindingList',
    items: diagnoses.map(({ check, level, namespace, about, message, fix, hint, right }) => ({
      apiVersion,
      kind: 'Finding',
      check,
      level,
      ...(namespace !== undefined && { namespace }),
      ...(about !== undefined && { object: about }),
      message,
      ...(fix !== undefined && { fix }),
      ...(hint !== undefined && { hint }),
      ...(right && { right: formatRight(right) }),
    })),
  };
}

/**
 * Returns a row for each finding, with the fix or else the hint below it, and a last line with the number of findings
 * of each level.
 */
export function findingTable(diagnoses: readonly Diagnosis[]): string {
  return `${table(diagnoses, { namespaces: false })}${counts(diagnoses)}\n`;
}

/**
 * Returns the findings of many namespaces that are not ok, sorted by namespace, and the number of all findings. The
 * same message about several objects is one row. `ok` is the number of ok findings that `diagnoses` leaves out.
 */
export function findingPage(
  diagnoses: readonly Diagnosis[],
  { namespaces, ok }: { readonly namespaces: number; readonly ok: number },
): string {
  const amiss = diagnoses.filter(({ level }) => level !== 'ok');
  const examined = namespaces === 1 ? '1 namespace' : `${namespaces} namespaces`;
  const rows = amiss.length === 0 ? '' : table(inSameWords(amiss), { namespaces: true });
  return `${rows}${examined} examined: ${counts(diagnoses, ok)}\n`;
}

function inSameWords(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const alike = Map.groupBy(diagnoses, ({ check, level, message, fix, hint }) =>
    JSON.stringify([check, level, message, fix, hint]),
  );
  return [...alike.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined || all.length === 1) return all;
    const namespaces = [...new Set(all.flatMap(({ namespace }) => namespace ?? []))];
    const objects = all.flatMap(({ about }) => about ?? []);
    return {
      ...first,
      ...(namespaces.length > 0 && { namespace: firstOf(namespaces) }),
      ...(objects.length > 0 && { about: firstOf(objects) }),
    };
  });
}

function counts(diagnoses: readonly Diagnosis[], okLeftOut = 0): string {
  const levels = ['fail', 'warn', 'unknown', 'ok'] as const;
  const leftOut = { fail: 0, warn: 0, unknown: 0, ok: okLeftOut };
  const count = (of: Level) => diagnoses.filter(({ level }) => level === of).length + leftOut[of];
  return levels.map((each) => `${count(each)} ${each}`).join(', ');
}

function table(diagnoses: readonly Diagnosis[], shown: { readonly namespaces: boolean }): string {
  const columns = [
    { header: 'namespace', shown: shown.namespaces, cell: ({ namespace = '' }: Diagnosis) => namespace },
    { header: 'level', cell: ({ level }: Diagnosis) => level },
    { header: 'check', cell: ({ check }: Diagnosis) => check },
    { header: 'object', cell: ({ about = '' }: Diagnosis) => about },
    { header: 'finding', cell: ({ message }: Diagnosis) => message },
  ];
  const [head, ...lines] = renderColumns(columns, diagnoses, {}).split('\n');
  const told = diagnoses.flatMap((diagnosis, index) => [lines[index] ?? '', ...advice(diagnosis)]);
  return [head, ...told].map((line) => `${line}\n`).join('');
}

function advice({ fix, hint }: Diagnosis): string[] {
  const label = fix === undefined ? 'hint:' : 'fix:';
  const lines = (fix ?? hint)?.split('\n') ?? [];
  return lines.map((line, index) => sanitize(`  ${index === 0 ? label : ''.padEnd(label.length)} ${line}`));
}
