/** Translates a container's command to this machine. */
import type { Container } from '#src/api/kubernetes.ts';

import { rewritePaths, type Mount } from './rewrite.ts';

/** Returns the shell on this machine that replaces the container's shell; undefined for any other program. */
export function hostShell(program: string | undefined): string | undefined {
  const name = program?.replace(/^(\/usr)?\/bin\//, '') ?? '';
  if (name === 'bash') return 'bash';
  return ['sh', 'ash', 'dash'].includes(name) ? '/bin/sh' : undefined;
}

/** Returns the container's command with variables and paths replaced; undefined if it is not a shell. */
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

/** Replaces `$(NAME)` if the container has that variable; `$$(NAME)` yields `$(NAME)`. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([A-Za-z_][\w.-]*)\))/g, (whole, escaped: string, name: string) =>
    escaped === '$' ? '$' : (values.get(name) ?? whole),
  );
}

/** Returns the container's environment, without any variable of this process. */
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
