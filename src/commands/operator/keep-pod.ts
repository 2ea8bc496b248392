import { once } from 'node:events';

import { defineCommand } from '#src/cli/command.ts';

export const command = defineCommand({
  name: 'operator keep-pod',
  usage: 'operator keep-pod',
  description:
    'Wait until the pod is deleted. The pods of "kubectl stash browse", "cp" and "diff" run this command, and others beside it.',
  examples: ['# As such a pod does\nkubectl stash operator keep-pod'],
  flags: {},
  async run(_, context) {
    // Nothing else keeps the process running.
    const keeping = setInterval(() => undefined, 60_000);
    if (!context.signal.aborted) await once(context.signal, 'abort');
    clearInterval(keeping);
    return 0;
  },
});
