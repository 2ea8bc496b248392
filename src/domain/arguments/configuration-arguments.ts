/** Reads the BackupConfigurations that a command line names, by their own names or by their workloads. */
import type { Target } from '#src/domain/workload/target.ts';

import { isTypeOf, joinType, parseNames } from './object-arguments.ts';
import { parseTarget, targetKindOf } from './target-arguments.ts';

export type ConfigurationArgument =
  { readonly name: string } | { readonly target: Pick<Target, 'kind' | 'name'> };

/** `NAME...`, `bc/NAME...` and `deploy/NAME...`, or kubectl's `TYPE NAME...`, in the order given. Throws 'usage'. */
export function parseConfigurations(words: readonly string[]): ConfigurationArgument[] {
  const isType = (word: string) => isConfiguration(word) || targetKindOf(word) !== undefined;
  return joinType(words, isType).map(parseConfiguration);
}

/** @throws StashError 'usage' for another type or an invalid name */
export function parseConfiguration(word: string): ConfigurationArgument {
  const slash = word.indexOf('/');
  if (slash >= 0 && !isConfiguration(word.slice(0, slash))) return { target: parseTarget(word) };
  const [name = ''] = parseNames([word], 'backupconfiguration');
  return { name };
}

function isConfiguration(word: string): boolean {
  return isTypeOf(word, 'backupconfiguration');
}
