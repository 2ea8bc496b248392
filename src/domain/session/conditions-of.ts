import type { Condition } from '#src/api/kubernetes.ts';
import type { AnySession } from '#src/api/stash.ts';

/** Returns the conditions of the session and of its targets. */
export function conditionsOf({ status }: AnySession): readonly Condition[] {
  const targets = status !== undefined && 'targets' in status ? (status.targets ?? []) : [];
  return [...(status?.conditions ?? []), ...targets.flatMap(({ conditions = [] }) => conditions)];
}
