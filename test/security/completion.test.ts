/** Holds: a name from the cluster that a shell would run when the user presses Tab and Enter. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { completionScripts } from '#src/cli/completion-scripts.ts';
import { run } from '#src/cli/run.ts';
import { commands } from '#src/commands/index.ts';
import { testContext } from '#test/support/context.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

const harmless = ['web', 'web-0', 'web.example.com', 'system:web', 'Web_1'];
const hostile = [
  '$(touch owned)',
  '`touch owned`',
  "web'",
  'web"',
  'web name',
  'web;id',
  'web&id',
  'web|id',
  'web>owned',
  'web\\',
  'web*',
  'web!1',
  '{a,b}',
  '~root',
  '=ls',
  '@web',
  '#web',
  '%1',
  '-f',
  '--server=https://elsewhere',
  'web\nid',
  'web\tdescription',
  'web\u001b[2J',
  '\u202eweb',
  'web\u200b',
  'w'.repeat(1_000_000),
  '',
];

async function proposed(...words: readonly string[]): Promise<string[]> {
  const items = [...hostile, ...harmless].map(
    (name) =>
      ({
        metadata: { name, annotations: { 'stash.appscode.com/session-name': name } },
      }) as unknown as Stored<never>,
  );
  const cluster = stubCluster({ list: () => Promise.resolve({ items, resourceVersion: '1' }) });
  const context = testContext({ cluster });
  assert.equal(await run(['__complete', ...words], context, commands), 0);
  return context.stdout().split('\n').slice(0, -2);
}

for (const { words, prefix = '', also = [] } of [
  { words: ['snapshot', 'deploy/'], prefix: 'deploy/' },
  { words: ['snapshot', 'deploy', ''] },
  { words: ['restore', 'deploy/web', '--from', ''], also: ['latest'] },
  { words: ['restore', 'deploy/web', '--from='], prefix: '--from=', also: ['latest'] },
  { words: ['trigger', ''] },
  { words: ['wait', ''] },
  { words: ['list', '-n', ''] },
  { words: ['snapshot', 'pvc/web', '--snapshot-class', ''] },
]) {
  test(`${words.join(' ')} proposes no name that needs quotes`, async () => {
    assert.deepEqual(await proposed(...words), [...also, ...harmless].map((name) => prefix + name).sort());
  });
}

test(
  'bash inserts a candidate as it is: no shell changes one, and none is a flag',
  { skip: spawnSync('bash').error !== undefined },
  async () => {
    const names = await proposed('trigger', '');
    const script = `${completionScripts['bash'] ?? ''}
    kubectl-stash() { printf '%s\\n' ${names.join(' ')} :4; }
    COMP_WORDS=(kubectl-stash trigger '')
    COMP_CWORD=2
    _kubectl_stash
    eval "printf '<%s>' \${COMPREPLY[*]}"`;
    const { stdout } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    assert.equal(stdout, names.map((name) => `<${name}>`).join(''));
  },
);
