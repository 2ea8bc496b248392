/** The BackupConfigurations that a command line names: by names of their own, not by what they snapshot. */
import { StashError } from '#src/errors.ts';

import { invokerName } from '#src/domain/workload/names.ts';
import { commandLine, inNamespace } from '#src/domain/command-line.ts';
import { parseNames } from './object-arguments.ts';
import { targetKindOf } from './target-arguments.ts';

/** Each once, in the order given. `namespace`: as it was given (`-n`), for hints. Throws a StashError `usage`. */
export function parseConfigurations(words: readonly string[], namespace: string | undefined): string[] {
  for (const word of words) refuseTarget(word, namespace);
  return parseNames(words, 'backupconfiguration');
}

function refuseTarget(word: string, namespace: string | undefined): void {
  const [type = '', name = ''] = word.split('/');
  const kind = name === '' ? undefined : targetKindOf(type);
  if (kind === undefined) return;
  throw new StashError(
    'usage',
    `${word} is what a BackupConfiguration snapshots; name the configuration itself`,
    {
      hint: `it is ${invokerName({ kind, name })}, unless it was given another name; see which there are:\n${commandLine`kubectl get backupconfigurations ${inNamespace(namespace)}`}`,
    },
  );
}
