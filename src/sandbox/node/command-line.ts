/** What a container runs, in terms of this machine. */
import type { Container } from '#src/api/kubernetes.ts';

import { rewritePaths, type Mount } from './rewrite.ts';

/** The shell that runs on this machine in place of a container's; undefined for any other program. */
export function hostShell(program: string | undefined): string | undefined {
  const name = program?.replace(/^(\/usr)?\/bin\//, '') ?? '';
  if (name === 'bash') return 'bash';
  return ['sh', 'ash', 'dash'].includes(name) ? '/bin/sh' : undefined;
}

/** The container's command with its variables and paths filled in; undefined where it is no shell. */
export function containerCommand(container: Container, mounts: readonly Mount[]): string[] | undefined {
  const [program, ...others] = [...(container.command ?? []), ...(container.args ?? [])];
  const shell = hostShell(program);
  if (shell === undefined) return undefined;
  const values = new Map((container.env ?? []).map(({ name, value = '' }) => [name, value]));
  return [shell, ...others.map((argument) => rewritePaths(expand(argument, values), mounts))];
}

export function execCommand(command: readonly string[], mounts: readonly Mount[]): string[] {
  const [program = '', ...others] = command.map((argument) => rewritePaths(argument, mounts));
  return [hostShell(program) ?? program, ...others];
}

/** `$(NAME)` where the container has such a variable; `$$(NAME)` stands for itself. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([A-Za-z_][\w.-]*)\))/g, (whole, escaped: string, name: string) =>
    escaped === '$' ? '$' : (values.get(name) ?? whole),
  );
}

/** The container's environment and nothing of ours. */
export function containerEnvironment(
  container: Container,
  mounts: readonly Mount[],
  { home, hostname, path }: { home: string; hostname: string; path: string },
): Record<string, string> {
  const own = (container.env ?? []).map(
    ({ name, value = '' }) => [name, rewritePaths(value, mounts)] as const,
  );
  return { PATH: path, HOME: home, HOSTNAME: hostname, ...Object.fromEntries(own) };
}
