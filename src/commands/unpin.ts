import { defineCommand } from '#src/cli/command.ts';

import { pinningFlags, setPinned } from './pin.ts';

export const command = defineCommand({
  name: 'unpin',
  usage: 'unpin SESSION... [flags]',
  description: `Take the marks of "kubectl stash pin", --pin and --keep-until off restore points. SESSION is the name that "kubectl stash list" prints.

After that, the retention policy of its schedule applies to a restore point that the schedule made, and --keep flags of "kubectl stash snapshot" to one that a user made. The command itself deletes nothing.`,
  examples: [
    '# Unpin a restore point\nkubectl stash unpin deploy-foo-1732427120',
    '# Unpin it and delete it\nkubectl stash unpin deploy-foo-1732427120\nkubectl stash delete --restore-point deploy-foo-1732427120',
  ],
  flags: pinningFlags,
  positionals: { name: 'SESSION', minimum: 1, completes: 'restore-point' },
  async run(args, context) {
    await setPinned(args, context, 'unpin');
    return undefined;
  },
});
