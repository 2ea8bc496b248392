/** The scripts of `completion`, each in its own shell. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { backupConfigurations, deployments } from '#src/api/resources.ts';
import { completionScripts } from '#src/cli/completion-scripts.ts';
import { missingKubectl } from '#test/e2e/kubectl.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { configuration } from '#test/e2e/operator/manifests.ts';

import { startWorld, type World } from './world.ts';

const execute = promisify(execFile);

let world: World;
/** A user's environment: this program on the PATH, a home, and a file in the working directory. */
let home: string;
let env: NodeJS.ProcessEnv;

function here<T extends KubernetesObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, namespace: 'default' } };
}

before(async () => {
  world = await startWorld();
  await world.create(
    [deployments, here(deployment('mail', []))],
    [backupConfigurations, here(configuration('nightly', { target: 'mail' }))],
  );
  home = await mkdtemp(join(tmpdir(), 'stash-completion-'));
  const bin = join(home, 'bin');
  await mkdir(bin);
  const root = resolve(import.meta.dirname, '../..');
  const program = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'cmd/kubectl-stash.ts')}' "$@"\n`;
  await writeFile(join(bin, 'kubectl-stash'), program);
  await chmod(join(bin, 'kubectl-stash'), 0o755);
  await symlink(join(root, 'cmd/kubectl_complete-stash'), join(bin, 'kubectl_complete-stash'));
  await writeFile(join(home, 'restore.yaml'), '');
  env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    KUBECONFIG: world.sandbox.kubeconfig,
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
  };
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

function missing(shell: string): string | false {
  return spawnSync(shell, ['--version']).error !== undefined && `no ${shell} on PATH`;
}

async function output(program: string, args: readonly string[]): Promise<string> {
  return (await execute(program, args, { env, cwd: home })).stdout;
}

/** The typed line, and the line after a Tab. */
const tabs: readonly { readonly typed: string; readonly completed: string }[] = [
  { typed: 'kubectl-stash snapsh', completed: 'kubectl-stash snapshot ' },
  { typed: 'kubectl-stash snapshot st', completed: 'kubectl-stash snapshot sts/' },
  { typed: 'kubectl-stash snapshot deploy/m', completed: 'kubectl-stash snapshot deploy/mail ' },
  {
    typed: 'kubectl-stash snapshot --executor=l',
    completed: 'kubectl-stash snapshot --executor=local ',
  },
  { typed: 'kubectl-stash restore -f r', completed: 'kubectl-stash restore -f restore.yaml ' },
  {
    typed: 'kubectl-stash list --kubeconfig r',
    completed: 'kubectl-stash list --kubeconfig restore.yaml ',
  },
  {
    typed: 'kubectl-stash list --kubeconfig=r',
    completed: 'kubectl-stash list --kubeconfig=restore.yaml ',
  },
  { typed: 'kubectl-stash trigger r', completed: 'kubectl-stash trigger r' },
];

suite('bash', { skip: missing('bash') }, () => {
  test('it passes whole words, completes after "=", and leaves files to bash', async () => {
    const script = `
      source <(kubectl-stash completion bash)
      compopt() { echo "option $2"; }
      ask() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _kubectl_stash; printf '%s\\n' "\${COMPREPLY[@]}"; }
      ask kubectl-stash snapshot --executor = l
      ask kubectl-stash snapshot deploy/m
      ask kubectl-stash snapshot st
      ask kubectl-stash restore -f r
      ask kubectl-stash list --kubeconfig = r
      ask kubectl-stash trigger r`;
    assert.deepEqual((await output('bash', ['-c', script])).split('\n'), [
      'local',
      'deploy/mail',
      'option nospace',
      'sts/',
      'option default',
      '',
      'option default',
      '',
      '',
      '',
    ]);
  });
});

suite('zsh', { skip: missing('zsh') }, () => {
  /** Types and completes each line in an interactive zsh on its own terminal, and returns the results. */
  async function typeInZsh(name: string, setUp: string): Promise<string> {
    const dotfiles = join(home, name);
    const written = join(dotfiles, 'completed');
    await mkdir(dotfiles);
    await writeFile(join(dotfiles, '.zshenv'), 'unsetopt global_rcs\n');
    await writeFile(
      join(dotfiles, '.zshrc'),
      `${setUp}
      lines=(${tabs.map(({ typed }) => `'${typed}'`).join(' ')})
      zle-line-init() {
        (($#lines)) || exit
        BUFFER=$lines[1] CURSOR=$#lines[1]
        shift lines
        zle complete-word
        print -r -- "$BUFFER" >> '${written}'
        BUFFER=
        zle accept-line
      }
      zle -N zle-line-init\n`,
    );
    const terminal = `
      zmodload zsh/zpty
      zpty shell "ZDOTDIR='${dotfiles}' exec zsh -i"
      while zpty -r shell line; do print -r -- "$line"; done`;
    const screen = await output('zsh', ['-f', '-c', terminal]);
    return readFile(written, 'utf8').catch(() => assert.fail(screen));
  }

  const completed = tabs.map((line) => `${line.completed}\n`).join('');

  test('sourced, it completes', async () => {
    const setUp = `autoload -Uz compinit && compinit -u -D
      source <(kubectl-stash completion zsh)`;
    assert.equal(await typeInZsh('sourced', setUp), completed);
  });

  test('in a directory of $fpath it completes from the first Tab on', async () => {
    const functions = join(home, 'functions');
    await mkdir(functions);
    await writeFile(join(functions, '_kubectl-stash'), completionScripts['zsh'] ?? '');
    const setUp = `fpath=('${functions}' $fpath)
      autoload -Uz compinit && compinit -u -D`;
    assert.equal(await typeInZsh('autoloaded', setUp), completed);
  });
});

suite('fish', { skip: missing('fish') }, () => {
  /** The words that fish proposes for each line, without descriptions. */
  async function proposed(setUp: string): Promise<string[][]> {
    const asks = tabs.map(({ typed }) => `complete --do-complete '${typed}'; echo =`);
    const answers = (await output('fish', ['-c', [setUp, ...asks].join('\n')])).split('=\n').slice(0, -1);
    return answers.map((answer) =>
      answer
        .split('\n')
        .map((line) => line.replace(/\t.*/, ''))
        .filter(Boolean),
    );
  }

  const expected = tabs.map(({ typed, completed }) =>
    completed === typed ? [] : completed.trimEnd().split(' ').slice(-1),
  );

  test('sourced, it completes', async () => {
    assert.deepEqual(await proposed('kubectl-stash completion fish | source'), expected);
  });

  test("in the user's completions directory, it completes", async () => {
    const completions = join(home, '.config/fish/completions');
    await mkdir(completions, { recursive: true });
    await writeFile(join(completions, 'kubectl-stash.fish'), completionScripts['fish'] ?? '');
    assert.deepEqual(await proposed(''), expected);
  });
});

suite('through kubectl', { skip: missingKubectl() }, () => {
  test('kubectl asks kubectl_complete-stash', async () => {
    const told = await output('kubectl', ['__complete', 'stash', 'trigger', 'n']);
    assert.deepEqual(told.trimEnd().split('\n'), ['nightly', ':4']);
  });
});
