import { createReadStream } from 'node:fs';

import { defineCommand } from '#src/cli/command.ts';
import { put } from '#src/files/put.ts';

export const command = defineCommand({
  name: 'operator send-image',
  usage: 'operator send-image --device PATH',
  description:
    'Write the contents of a block volume to stdout. "kubectl stash cp" runs this command in its pod.',
  examples: ['# As that pod does\nkubectl stash operator send-image --device /stash/restored'],
  flags: {
    device: { type: 'string', default: '/', valueName: 'PATH', description: "The volume's device." },
  },
  async run({ flags }, { out }) {
    for await (const piece of createReadStream(flags.device, { highWaterMark: 1024 * 1024 }))
      await put(out, piece as Buffer);
    return 0;
  },
});
