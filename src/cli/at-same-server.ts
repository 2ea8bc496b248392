/** Commands in hints, with the flags that chose the cluster: pasted, they must not go to another one. */
import type { ConnectionFlags } from '#src/cluster/connection.ts';

/** Not among them: the namespace, which each command names itself, and the token, which nobody shall see. */
const flags = {
  kubeconfig: '--kubeconfig',
  context: '--context',
  cluster: '--cluster',
  user: '--user',
  server: '--server',
  as: '--as',
} as const satisfies Partial<Record<keyof ConnectionFlags, string>>;

/** Lines that are commands of kubectl get the connection flags that were given; all others stay. */
export function atSameServer(hint: string, given: ConnectionFlags): string {
  const names = Object.keys(flags) as (keyof typeof flags)[];
  const more = names.flatMap((name) => {
    const value = given[name];
    return value === undefined ? [] : [` ${flags[name]} ${quoted(value)}`];
  });
  return hint
    .split('\n')
    .map((line) => (line.startsWith('kubectl ') ? line.replace(/(?= &&$|$)/, more.join('')) : line))
    .join('\n');
}

function quoted(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
