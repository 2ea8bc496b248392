/** The BackupConfigurations that a command line names, by their own names, not by their targets. */
import { StashError } from '#src/errors.ts';

import { invokerName } from '#src/domain/workload/names.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { parseNames } from './object-arguments.ts';
import { targetKindOf } from './target-arguments.ts';

/**
 * Each name once, in the order given. `namespace`: the value of `-n`, for hints.
 * @throws StashError 'usage' for a target or an invalid name
 */
export function parseConfigurations(words: readonly string[], namespace: string | undefined): string[] {
  for (const word of words) refuseTarget(word, namespace);
  return parseNames(words, 'backupconfiguration');
}

function refuseTarget(word: string, namespace: string | undefined): void {
  const [type = '', name = ''] = word.split('/');
  const kind = name === '' ? undefined : targetKindOf(type);
  if (kind === undefined) return;
  throw new StashError('usage', `${word} is a target: name its BackupConfiguration instead`, {
    hint: `it is ${invokerName({ kind, name })}, unless it was given another name; list all of them:\n${commandLine`kubectl get backupconfigurations ${inNamespace(namespace)}`}`,
  });
}
