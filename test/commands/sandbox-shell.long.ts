/** What a person who opens a shell in a sandbox is told, and sees in the prompt. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import { missingKubectl } from '#test/e2e/kubectl.ts';
import { ourProgram } from '#test/support/our-program.ts';

const root = await mkdtemp(join(tmpdir(), 'stash-shell-'));
after(() => rm(root, { recursive: true, force: true }));
const home = join(root, 'home');
await mkdir(home);
// A person's own file may set everything anew, also before each prompt.
await writeFile(
  join(home, '.bashrc'),
  `PS1='mine> '\nPROMPT_COMMAND='PS1="again> "'\nexport KUBECONFIG=/elsewhere PATH=/usr/bin:/bin\n`,
);
const { argv } = await ourProgram();
const env = { ...process.env, HOME: home, TMPDIR: root, PS1: undefined, PROMPT_COMMAND: undefined };
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout);
const noTerminal = !hasScript && 'no script of util-linux, which opens a terminal';

const greeted = [
  'this shell is in a sandbox, a small Kubernetes on this machine',
  'kubectl and kubectl stash go to it, and to no other cluster',
  'where there is no kubectl, type kubectl-stash in place of kubectl stash',
];

interface Ended {
  readonly code: number;
  readonly shown: string;
}

/** Runs a sandbox whose stdin is a terminal, on which a person types the lines. */
async function typeIn(args: readonly string[], lines: readonly string[]): Promise<Ended> {
  const line = [...argv, 'sandbox', ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', line, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.end([...lines, 'exit', ''].join('\n'));
  const [shown, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number]>]);
  return { code, shown: shown.replaceAll('\r', '') };
}

for (const { shell, prompt } of [
  { shell: 'bash', prompt: '(sandbox) again> ' },
  { shell: 'sh', prompt: '(sandbox) $ ' },
]) {
  test(`${shell} on a terminal says where one is, and so does its prompt`, { skip: noTerminal }, async () => {
    const { code, shown } = await typeIn(['--', shell], ['echo "[$KUBECONFIG $(command -v kubectl-stash)]"']);
    assert.equal(code, 0, shown);
    assert.ok(shown.includes(greeted.join('\n')), shown);
    assert.match(shown, /^exit or Ctrl-D leaves the shell, ends the sandbox and deletes everything in it$/m);
    assert.ok(shown.includes(prompt), shown);
    assert.match(shown, /\[(\S+)\/kubeconfig \1\/bin\/kubectl-stash\]$/m);
  });
}

for (const { name, args, onTerminal } of [
  { name: 'a shell whose stdin is no terminal', args: ['--', 'bash'], onTerminal: false },
  { name: 'a script on a terminal', args: ['--', 'sh', '-c', 'true'], onTerminal: true },
]) {
  test(`${name} is not greeted`, { skip: onTerminal && noTerminal }, async () => {
    if (onTerminal) {
      assert.deepEqual(await typeIn(args, []), { code: 0, shown: 'exit\n' });
      return;
    }
    const [program = '', ...first] = argv;
    const child = spawn(program, [...first, 'sandbox', ...args], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    assert.equal(await text(child.stderr), '');
  });
}

test(
  'what the greeting of --demo says works as it is printed',
  { skip: noTerminal || missingKubectl() },
  async () => {
    const dir = join(root, 'kept');
    const { code, shown } = await typeIn(['--demo', '--dir', dir, '--', 'bash'], []);
    assert.equal(code, 0, shown);
    assert.ok(shown.includes(`leaves the shell, ends the sandbox and keeps everything in ${dir}\n`), shown);
    const printed = [...shown.matchAll(/^ {2}(kubectl .*)$/gm)].map(([, command = '']) => command);
    assert.deepEqual(printed, [
      'kubectl exec deploy/demo -- cat /data/hello.txt',
      'kubectl stash snapshot deploy/demo',
      'kubectl stash list',
      'kubectl scale deploy/demo --replicas 0',
      'kubectl delete pvc/demo-data',
      'kubectl stash restore deploy/demo',
      'kubectl scale deploy/demo --replicas 1',
      'kubectl exec deploy/demo -- cat /data/hello.txt',
    ]);
    const [program = '', ...first] = argv;
    const again = spawn(
      program,
      [...first, 'sandbox', '--demo', '--dir', dir, '--', 'sh', '-ec', printed.join('\n')],
      {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const [out, err] = await Promise.all([text(again.stdout), text(again.stderr)]);
    assert.match(out, /^deployment\/demo snapshotted: /m, err);
    assert.match(out, /^deployment\/demo +\S+ .* 1\/1 .* Succeeded /m, err);
    assert.match(out, /^deployment\/demo restored: /m, err);
    const times = out.split('\n').filter((line) => /^\d{4}-\d\d-\d\dT[\d:]{8}Z$/.test(line));
    assert.equal(times.length, 2, out);
    assert.equal(times[0], times[1]);
  },
);
