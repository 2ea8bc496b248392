/** Judges whether the pods that use the old volume can use the new one on their nodes. */
import type {
  ClusterNode,
  NodeRequirement,
  NodeSelectorTerm,
  PersistentVolume,
  Stored,
} from '#src/api/kubernetes.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { meets } from '#src/domain/workload/selector.ts';

/**
 * Returns a failure 'precondition' unless some node may fit both volumes. Compares the node affinity of the volumes:
 * without a label that both require, no node fits. Returns undefined if one of the volumes requires nothing.
 */
export function misplacedVolume(
  claim: string,
  present: PersistentVolume,
  incoming: PersistentVolume,
): Failure | undefined {
  const [before, after] = [termsOf(present), termsOf(incoming)];
  if (before === undefined || after === undefined) return undefined;
  if (before.some((old) => after.some((term) => isSame(old, term) || isCompatible(old, term))))
    return undefined;
  const message = `the new volume of claim ${claim} is usable on nodes with ${inWords(after)}, the present one on nodes with ${inWords(before)}`;
  return failure('precondition', sanitize(message), {
    hint: 'a storage class with volumeBindingMode: WaitForFirstConsumer makes a volume where its pod runs',
  });
}

/** Whether pods on the node can use the volume, by its node affinity. */
export function isUsableOn(volume: PersistentVolume, { metadata }: Stored<ClusterNode>): boolean {
  const { name, labels = {} } = metadata;
  const terms = termsOf(volume);
  return (
    terms === undefined ||
    terms.some(
      ({ matchExpressions = [], matchFields = [] }) =>
        matchExpressions.every((it) => meets(it, labels[it.key])) &&
        matchFields.every((it) => meets(it, it.key === 'metadata.name' ? name : undefined)),
    )
  );
}

/** Returns the label values that the volume requires of a node, such as `eu-1a`. Undefined if it requires none. */
export function placeOf(volume: PersistentVolume): string | undefined {
  const terms = termsOf(volume) ?? [];
  const values = new Set(terms.flatMap((term) => requirementsOf(term).flatMap(({ values = [] }) => values)));
  return values.size === 0 ? undefined : [...values].join(', ');
}

function termsOf({ spec }: PersistentVolume): readonly NodeSelectorTerm[] | undefined {
  return spec.nodeAffinity?.required?.nodeSelectorTerms;
}

function isCompatible(old: NodeSelectorTerm, term: NodeSelectorTerm): boolean {
  const before = requirementsOf(old);
  const shared = requirementsOf(term).flatMap((requirement) =>
    before.filter(({ key }) => key === requirement.key).map((other) => [other, requirement] as const),
  );
  return shared.length > 0 && shared.every(([a, b]) => agree(a, b));
}

function agree(a: NodeRequirement, b: NodeRequirement): boolean {
  if (a.operator !== 'In' || b.operator !== 'In') return isSame(a, b);
  return (a.values ?? []).some((value) => b.values?.includes(value) === true);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function requirementsOf({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeRequirement[] {
  return [...matchExpressions, ...matchFields];
}

function inWords(terms: readonly NodeSelectorTerm[]): string {
  const each = terms.map((term) =>
    requirementsOf(term)
      .map(({ key, operator, values = [] }) =>
        operator === 'In' ? `${key}=${values.join('|')}` : [key, operator, ...values].join(' '),
      )
      .join(', '),
  );
  return each.join(' or ');
}
