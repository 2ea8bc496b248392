/** Commands in hints, with the flags that chose the cluster: pasted, they must not go to another one. */
import type { ConnectionFlags } from '#src/cluster/connection.ts';
import { commandLine, isCommand } from '#src/domain/command-line.ts';

/** Not among them: the namespace, which each command names itself, and the token, which nobody shall see. */
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

/** Lines that are commands of kubectl get the connection flags that were given; all others stay. */
export function atSameServer(hint: string, given: ConnectionFlags): string {
  const names = Object.keys(flags) as (keyof typeof flags)[];
  const more = names.flatMap((name) =>
    [given[name] ?? []].flat().map((value) => commandLine`${[flags[name], value]}`),
  );
  const unseen = more.find((flag) => !isCommand(flag));
  return hint
    .split('\n')
    .map((line) => (line.startsWith('kubectl ') ? (unseen ?? withFlags(line, more)) : line))
    .join('\n');
}

const word = /(?:'[^']*'|\\.|\S)+/g;

/** Commands may be joined by `&&`, also with the next line; what follows `--` is another program's. */
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
