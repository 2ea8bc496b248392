/** Types every command of docs/start-with-helm.md, as a user with an empty cluster would. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { missingLine, readGuide } from '#test/e2e/guide.ts';
import { missingKubectl } from '#test/e2e/kubectl.ts';
import { openPlace } from '#test/e2e/place.ts';
import { runPlugin } from '#test/e2e/plugin.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { openShell } from '#test/e2e/terminal.ts';
import { helmAt } from '#test/support/helm.ts';
import type { Tools } from '#test/support/tools.ts';

import { project } from '../../../cmd/package/project.ts';

const uninstall = 'uninstall kubectl-stash --namespace kubectl-stash --wait';

/** `server`: the test's own, without an operator. */
export function testStartWithHelm(server: TestServer, { path, skip: missing }: Tools): void {
  test('docs/start-with-helm.md', { skip: missing !== false ? missing : missingKubectl() }, async (t) => {
    const stash = async (words: string) => {
      const { code, stderr } = await runPlugin(server.kubeconfig, words.split(' '));
      assert.equal(code, 0, stderr);
    };
    // Helm brings them.
    await stash('uninstall --crds --yes');
    const { namespace } = await openPlace(t, server);
    const shell = await openShell(t, server, { namespace, developer: undefined });
    const type = (command: string) => shell(`PATH='${dirname(path?.helm ?? '')}':$PATH\n${command}`);
    t.after(async () => {
      await helmAt(path?.helm ?? '', server.kubeconfig).run(uninstall.split(' '));
      await stash('uninstall --crds --yes');
    });
    await type(`ln -s '${join(project, 'charts')}' charts`);
    const markdown = await readFile(join(project, 'docs', 'start-with-helm.md'), 'utf8');
    const steps = readGuide(markdown);
    const commands = readGuide(
      markdown.slice(markdown.indexOf('## Five commands'), markdown.indexOf('## From here on')),
    );
    assert.equal(commands.length, 5);
    for (const { command, expected } of steps) {
      const output = await type(command);
      const lacks = missingLine(expected, output);
      assert.equal(lacks, undefined, `$ ${command}\n${output}\nlacks: ${lacks ?? ''}`);
    }
  });
}
