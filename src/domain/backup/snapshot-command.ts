/** Builds the `snapshot` command that continues a session. */
import { annotation } from '#src/api/labels.ts';
import type { HookHandler } from '#src/api/stash.ts';

import { commandLine, flag, inNamespace, isCommand, type FlagWord } from '#src/domain/command-line.ts';
import { adHocHooks, commandHooks, type AdHocHooks } from '#src/domain/hooks/hooks.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

export interface CommandOptions {
  /** `--config` */
  readonly configuration?: string | undefined;
  /** `--pre`, `--post` and `--container` */
  readonly hooks?: AdHocHooks | undefined;
}

/** Returns undefined if no command line can express these hooks, or if `sanitize` would change them in the output. */
export function snapshotCommand(
  target: Target,
  { configuration, hooks }: CommandOptions,
): string | undefined {
  const given = hooks && hookWords(hooks);
  if (hooks !== undefined && given === undefined) return undefined;
  const words = [
    ...inNamespace(target.namespace),
    ...(configuration === undefined ? [] : [flag('--config', configuration)]),
    ...(given ?? []),
  ];
  const command = commandLine`kubectl stash snapshot ${formatTarget(target)} ${words}`;
  return isCommand(command) ? command : undefined;
}

function hookWords(hooks: AdHocHooks): FlagWord[] | undefined {
  const pre = inShell(hooks.pre);
  const post = inShell(hooks.post);
  const container = hooks.pre?.containerName ?? hooks.post?.containerName;
  const again = commandHooks({ pre, post }, container);
  if (again === undefined || written(again) !== written(hooks)) return undefined;
  return [
    ...(pre === undefined ? [] : [flag('--pre', pre)]),
    ...(post === undefined ? [] : [flag('--post', post)]),
    ...(container === undefined ? [] : [flag('--container', container)]),
  ];
}

function inShell(hook: HookHandler | undefined): string | undefined {
  return hook?.exec?.command?.[2];
}

function written(hooks: AdHocHooks): string | undefined {
  return adHocHooks(hooks)[annotation.hooks];
}
