import { defineCommand } from '#src/cli/command.ts';
import { claimPath } from '#src/domain/files/claim-path.ts';
import { writeDifference } from '#src/domain/files/difference.ts';
import { compareFiles } from '#src/files/compare-files.ts';
import { put } from '#src/files/put.ts';

export const command = defineCommand({
  name: 'operator compare-files',
  usage: 'operator compare-files [flags]',
  description:
    'Print how the files of two mounted volumes differ, one line of JSON each. "kubectl stash diff" runs this command in its pod.',
  examples: [
    '# As that pod does\nkubectl stash operator compare-files \\\n  --restored /stash/restored --live /stash/live',
  ],
  flags: {
    restored: { type: 'string', default: '/', valueName: 'DIRECTORY', description: 'The restored volume.' },
    live: { type: 'string', default: '/', valueName: 'DIRECTORY', description: 'The present volume.' },
    path: { type: 'string', default: '', valueName: 'PATH', description: 'The path in both volumes.' },
    checksum: { type: 'boolean', description: 'Compare contents, not times.' },
  },
  async run({ flags: { restored, live, path, checksum } }, context) {
    const task = { restored, live, path: claimPath(path), byContents: checksum };
    for await (const difference of compareFiles(task)) await put(context.out, writeDifference(difference));
    return 0;
  },
});
