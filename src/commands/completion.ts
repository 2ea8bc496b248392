import { defineCommand } from '#src/cli/command.ts';
import { completionScripts } from '#src/cli/completion-scripts.ts';
import { print } from '#src/cli/output.ts';
import { StashError } from '#src/errors.ts';

const shells = Object.keys(completionScripts);

export const command = defineCommand({
  name: 'completion',
  usage: `completion ${shells.join('|')}`,
  description: `Print a script that completes kubectl-stash in a shell: commands, flags, and the names of objects in the cluster. To complete "kubectl stash", kubectl calls the program kubectl_complete-stash, which is in the same archive and must be on PATH.`,
  examples: [
    '# In this shell\nsource <(kubectl-stash completion bash)',
    '# In every zsh\nkubectl-stash completion zsh > "${fpath[1]}/_kubectl-stash"',
    '# In every fish\nkubectl-stash completion fish > ~/.config/fish/completions/kubectl-stash.fish',
    '# In PowerShell\nkubectl-stash completion powershell | Out-String | Invoke-Expression',
  ],
  flags: {},
  positionals: { name: shells.join('|'), minimum: 1, maximum: 1, completes: shells },
  async run({ words }, context) {
    const [shell = ''] = words;
    const script = completionScripts[shell];
    if (script === undefined) {
      throw new StashError('usage', `no completion for "${shell}"; there is one for ${shells.join(', ')}`);
    }
    await print(context.out, 'wide', { table: () => script });
  },
});
