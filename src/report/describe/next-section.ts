import type { NextStep } from '#src/domain/describe/next-steps.ts';

import type { Page } from './page.ts';

/** `at` adds the flags with which the user chose the cluster to a command. */
export function nextSection(steps: readonly NextStep[], at: (command: string) => string): Page {
  if (steps.length === 0) return [];
  return [{ label: 'Next', value: steps.map(({ to, command }) => `${to}: ${at(command)}`) }];
}
