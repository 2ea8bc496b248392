/** `browse` at a terminal: the shell prompts, Ctrl-C and Ctrl-D are its own, and nothing is left however it ends. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';

import { deployments, persistentVolumeClaims, pods, restoreSessions } from '#src/api/resources.ts';
import { ourProgram } from '#test/support/our-program.ts';
import { openPseudoTerminal, whyNoTerminal, type PseudoTerminal } from '#test/support/pseudo-terminal.ts';

import { deployment, quiet } from './manifests.ts';
import { kubeconfigOf } from './packaged-plugin.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const isSandbox = process.env['E2E_KUBECONFIG'] === undefined;
const skip = whyNoTerminal;
const remote = isSandbox ? 'the sandbox gives its containers no terminal' : whyNoTerminal;

interface Desk {
  readonly place: Place;
  /** Starts the program at a terminal. */
  browse(...flags: string[]): PseudoTerminal;
}

async function setUp(t: TestContext): Promise<Desk> {
  const place = await openPlace(t, server, { files: true });
  await place.claims('data');
  await place.create(deployments, quiet(deployment('demo', ['data'])));
  const [pod = ''] = await place.running('demo');
  await place.sh(
    pod,
    'mkdir -p /source/data/conf && echo old > /source/data/conf/app && truncate -s 500M /source/data/zeros',
  );
  await place.succeeds('snapshot deploy/demo --executor=local');
  const home = await mkdtemp(join(tmpdir(), 'stash-desk-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const config = await kubeconfigOf(server.kubeconfig, place.developer, place.namespace);
  await writeFile(join(home, 'config'), config, { mode: 0o600 });
  const { argv } = await ourProgram();
  const environment = { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: join(home, 'config') };
  return {
    place,
    browse(...flags) {
      const terminal = openPseudoTerminal([...argv, 'browse', 'deploy/demo', ...flags], environment);
      t.after(() => {
        terminal.hangUp();
      });
      return terminal;
    },
  };
}

async function leavesNothing({ place }: Desk): Promise<void> {
  await place.until(restoreSessions, (all) => all.length === 0);
  await place.until(pods, (all) => all.every(({ metadata }) => metadata.labels?.['app'] === 'demo'));
  await place.until(persistentVolumeClaims, (all) => all.length === 1);
}

await suite('browse at a terminal', { concurrency: 2 }, () => {
  test('exit ends it, with its code', { skip }, async (t) => {
    const desk = await setUp(t);
    const terminal = desk.browse();
    await terminal.until(/read-only; help lists the commands, exit leaves/);
    terminal.type('exit 3\r');
    assert.equal(await terminal.ended, 3);
    await leavesNothing(desk);
  });

  test('our shell: a prompt, Ctrl-C, Ctrl-D', { skip: remote }, async (t) => {
    const desk = await setUp(t);
    const terminal = desk.browse();
    await terminal.until(/\/ \$ $/);
    terminal.type('cd co');
    await terminal.until(/cd co$/);
    // Alone: a tab in pasted text completes nothing.
    terminal.type('\t');
    await terminal.until(/nf\/$/);
    terminal.type('\rcat app\r');
    await terminal.until(/old\n.*\/conf \$ $/);
    terminal.type('cat what I did not mean\x03');
    await terminal.until(/\^C\n.*\/conf \$ $/);
    terminal.type('pwd\r');
    await terminal.until(/pwd\n\/conf\n/);
    terminal.type('cat /zeros\r');
    await terminal.until(/\0/);
    terminal.type('\x03');
    await terminal.until(/\/conf \$ $/);
    terminal.type('\x04');
    assert.equal(await terminal.ended, 1);
    await leavesNothing(desk);
  });

  test('another shell has the size of the window, and its changes', { skip: remote }, async (t) => {
    const desk = await setUp(t);
    const terminal = desk.browse('--image', 'busybox');
    await terminal.until(/[#$] $/);
    terminal.type('stty size\r');
    await terminal.until(/24 80\n/);
    terminal.resize(50, 132);
    // The shell learns of it a moment later.
    terminal.type('until stty size | grep "50 132"; do :; done\r');
    await terminal.until(/\n50 132\n/);
    // A shell that still edits its line would take Ctrl-C as a character.
    terminal.type('echo $((6 * 7)); while :; do :; done\r');
    await terminal.until(/\n42\n/);
    terminal.type('\x03');
    await terminal.until(/[#$] $/);
    terminal.type('exit 4\r');
    assert.equal(await terminal.ended, 4);
    await leavesNothing(desk);
  });

  test('Ctrl-C while the pod starts, and a closed window', { skip }, async (t) => {
    const desk = await setUp(t);
    const early = desk.browse();
    await early.until(/restoring claim data/);
    early.type('\x03');
    assert.equal(await early.ended, 130);
    await leavesNothing(desk);
    const closed = desk.browse();
    await closed.until(/read-only; help lists the commands, exit leaves/);
    closed.hangUp();
    await leavesNothing(desk);
  });
});
