import { defineCommand } from '#src/cli/command.ts';
import { StashError } from '#src/errors.ts';
import { isErrno } from '#src/files/inside.ts';
import { sendImage } from '#src/files/send-image.ts';

export const command = defineCommand({
  name: 'operator send-image',
  usage: 'operator send-image --device PATH',
  description:
    'Write the contents of a block volume to stdout, without its empty blocks. "kubectl stash cp" runs this command in its pod.',
  examples: ['# As that pod does\nkubectl stash operator send-image --device /stash/restored'],
  flags: {
    device: { type: 'string', default: '/', valueName: 'PATH', description: "The volume's device." },
  },
  async run({ flags }, { out }) {
    try {
      await sendImage(flags.device, out);
    } catch (error) {
      if (!isErrno(error, 'EACCES', 'EPERM')) throw error;
      throw new StashError('precondition', "the pod's user may not read the device of the volume", {
        hint: 'on most nodes a device belongs to root: --run-as-user 0 reads it, where the namespace allows root',
      });
    }
    return 0;
  },
});
