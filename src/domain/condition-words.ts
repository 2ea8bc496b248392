import type { Condition } from '#src/api/kubernetes.ts';

/** Its message, else its reason; undefined if neither says anything: both may be empty. */
export function conditionWords(
  condition: Pick<Condition, 'message' | 'reason'> | undefined,
): string | undefined {
  return [condition?.message, condition?.reason].find((words) => words !== undefined && words !== '');
}
