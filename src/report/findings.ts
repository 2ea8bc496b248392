/** What `doctor` prints. */
import type { Diagnosis } from '#src/domain/checks/examine.ts';
import type { Level } from '#src/domain/finding.ts';
import { formatRight } from '#src/domain/rights.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { renderTable } from './table.ts';

const apiVersion = 'cli.stash.appscode.com/v1alpha1';

/** What `-o json` and `-o yaml` print. It is made for the purpose: no server knows these kinds. */
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
  /** `deployment/foo`; left out where the finding is about the cluster or the namespace. */
  readonly object?: string;
  readonly message: string;
  /** Command line after which the check passes. */
  readonly fix?: string;
  /** What to do or to look at; several lines. */
  readonly hint?: string;
  /** The right that is missing: `list volumesnapshotclasses.snapshot.storage.k8s.io`. */
  readonly right?: string;
}

export function findingList(diagnoses: readonly Diagnosis[]): FindingList {
  return {
    apiVersion,
    kind: 'FindingList',
    items: diagnoses.map(({ check, level, about, message, fix, hint, right }) => ({
      apiVersion,
      kind: 'Finding',
      check,
      level,
      ...(about !== undefined && { object: about }),
      message,
      ...(fix !== undefined && { fix }),
      ...(hint !== undefined && { hint }),
      ...(right && { right: formatRight(right) }),
    })),
  };
}

/** A row for each finding, and under it the fix, or else the hint. */
export function findingTable(diagnoses: readonly Diagnosis[]): string {
  const rows = diagnoses.map(({ level, check, about = '', message }) => [level, check, about, message]);
  const [head, ...lines] = renderTable(['level', 'check', 'object', 'finding'], rows).split('\n');
  const told = diagnoses.flatMap((diagnosis, index) => [lines[index] ?? '', ...advice(diagnosis)]);
  return [head, ...told].map((line) => `${line}\n`).join('');
}

function advice({ fix, hint }: Diagnosis): string[] {
  const label = fix === undefined ? 'hint:' : 'fix:';
  const lines = (fix ?? hint)?.split('\n') ?? [];
  return lines.map((line, index) => sanitize(`  ${index === 0 ? label : ''.padEnd(label.length)} ${line}`));
}
