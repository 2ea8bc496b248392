/** `npm run demo`: runs the story in a sandbox, with Node alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { showOn } from './show.ts';
import { program, root } from './stash.ts';

async function main(): Promise<void> {
  const show = showOn(process.stdout);
  show.note('A whole small Kubernetes in one process, and this story inside it:');
  show.prompt('kubectl stash sandbox -- node test/demo/story.ts');
  const sandbox = spawn(
    process.execPath,
    [program, 'sandbox', '--', process.execPath, 'test/demo/story.ts'],
    { cwd: root, stdio: 'inherit' },
  );
  // The terminal sends Ctrl-C to the sandbox too, which stops after the story.
  process.on('SIGINT', () => undefined);
  const [code] = (await once(sandbox, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}

void main();
