/** A shell in which a person works in the sandbox: it says where one is, and its prompt shows it. */
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const shells = ['bash', 'sh', 'dash', 'ash', 'ksh', 'zsh', 'fish'];

/** Whether the command opens a shell that reads what a person types, if its stdin is a terminal. */
export function opensShell([program = '', ...args]: readonly string[]): boolean {
  return shells.includes(basename(program)) && args.every((argument) => argument === '-i');
}

/** `kept`: the directory that the sandbox leaves; undefined if it deletes everything. */
export function greeting(kept: string | undefined, demo: readonly string[]): readonly string[] {
  const end = kept === undefined ? 'deletes everything in it' : `keeps everything in ${kept}`;
  return [
    'this shell is in a sandbox, a small Kubernetes on this machine',
    'kubectl and kubectl stash go to it, and to no other cluster',
    'where there is no kubectl, type kubectl-stash in place of kubectl stash',
    `exit or Ctrl-D leaves the shell, ends the sandbox and ${end}`,
    ...demo,
  ];
}

export interface ShellCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const mark = '(sandbox) ';

/**
 * Resolves with the command of a shell that shows in its prompt where one is. `env`: the shell's environment, of which
 * bash keeps KUBECONFIG and PATH whatever the user's own files set; `directory`: for a file that bash reads at its start.
 */
export async function withPrompt(
  [program = '', ...args]: readonly string[],
  env: ShellCommand['env'],
  directory: string,
): Promise<ShellCommand> {
  if (basename(program) !== 'bash') {
    return { command: [program, ...args], env: { ...env, PS1: `${mark}$ ` } };
  }
  const file = join(directory, 'bashrc');
  await writeFile(file, bashStart(env), { mode: 0o600 });
  return { command: [program, '--rcfile', file, ...args], env };
}

/** With `--rcfile`, bash reads this in place of the two files named here. */
function bashStart({ KUBECONFIG = '', PATH = '' }: ShellCommand['env']): string {
  return `for bashrc in /etc/bash.bashrc ~/.bashrc; do [ -r "$bashrc" ] && . "$bashrc"; done
unset bashrc
export KUBECONFIG=${quote(KUBECONFIG)} PATH=${quote(PATH)}
PROMPT_COMMAND="\${PROMPT_COMMAND:+$PROMPT_COMMAND
}"'PS1="${mark}\${PS1#"${mark}"}"'
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
