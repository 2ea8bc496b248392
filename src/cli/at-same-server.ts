/** Commands in hints, with the flags that chose the cluster: pasted, they must not go to another one. */
import type { ConnectionFlags } from '#src/cluster/connection.ts';
import { shellWords } from '#src/domain/shell-words.ts';

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
  const more = names.flatMap((name) => {
    const values = [given[name] ?? []].flat();
    return values.map((value) => ` ${flags[name]} ${shellWords([value])}`);
  });
  return hint
    .split('\n')
    .map((line) => (line.startsWith('kubectl ') ? withFlags(line, more.join('')) : line))
    .join('\n');
}

/** Commands may be joined by ` &&`, also with the next line; what follows ` -- ` is another program's. */
function withFlags(line: string, flags: string): string {
  const commands = line.split(' && ').reduce<string[]>((whole, part) => {
    const last = whole.at(-1);
    return last === undefined || isClosed(last)
      ? [...whole, part]
      : [...whole.slice(0, -1), `${last} && ${part}`];
  }, []);
  return commands
    .map((command) => {
      const [, words = '', end = ''] = /^(.*?)( &&)?$/.exec(command) ?? [];
      const [own = '', ...rest] = words.split(' -- ');
      return own.startsWith('kubectl ') ? `${[`${own}${flags}`, ...rest].join(' -- ')}${end}` : command;
    })
    .join(' && ');
}

/** Whether no quote is open at its end. */
function isClosed(words: string): boolean {
  return words.replaceAll("\\'", '').split("'").length % 2 === 1;
}
