import type { Condition } from '#src/api/kubernetes.ts';

/** Returns the message of a condition, else its reason. Both may be empty: then undefined. */
export function conditionWords(
  condition: Pick<Condition, 'message' | 'reason'> | undefined,
): string | undefined {
  return [condition?.message, condition?.reason].find((words) => words !== undefined && words !== '');
}
