/** Adds the flags that chose the cluster to the commands in hints, so that a pasted command goes to the same cluster. */
import type { ConnectionFlags } from '#src/cluster/connection.ts';
import { commandLine, flag, isCommand } from '#src/domain/command-line.ts';

/** Without the namespace, which each command names itself, and without the token, which is secret. */
const flags = {
  kubeconfig: '--kubeconfig',
  context: '--context',
  cluster: '--cluster',
  user: '--user',
  server: '--server',
  as: '--as',
  asGroup: '--as-group',
  asUid: '--as-uid',
} as const satisfies Partial<Record<keyof ConnectionFlags, string>>;

/** Returns the hint with the given connection flags added to its kubectl commands. Other lines are unchanged. */
export function atSameServer(hint: string, given: ConnectionFlags): string {
  const names = Object.keys(flags) as (keyof typeof flags)[];
  const more = names.flatMap((name) =>
    [given[name] ?? []].flat().map((value) => commandLine`${flag(flags[name], value)}`),
  );
  const unseen = more.find((each) => !isCommand(each));
  return hint
    .split('\n')
    .map((line) => (line.startsWith('kubectl ') ? (unseen ?? withFlags(line, more)) : line))
    .join('\n');
}

const word = /(?:'[^']*'|\\.|\S)+/g;

/** `&&` may join commands, also across lines. Words after `--` belong to another program. */
function withFlags(line: string, flags: readonly string[]): string {
  const words: string[] = [];
  let isStart = true;
  let isOpen = false;
  for (const each of line.match(word) ?? []) {
    if (isStart) isOpen = each === 'kubectl';
    isStart = each === '&&';
    if (isOpen && (isStart || each === '--')) {
      words.push(...flags);
      isOpen = false;
    }
    words.push(each);
  }
  return [...words, ...(isOpen ? flags : [])].join(' ');
}
