import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { startSandbox } from '#src/sandbox/sandbox.ts';

import { compareVolumes, digest } from './compare.ts';
import { createKubectl } from './kubectl.ts';
import { runInPod } from './run-in-pod.ts';
import type { Show } from './show.ts';

function record(): { show: Show; lines: string[] } {
  const lines: string[] = [];
  const note = (text: string) => void lines.push(text);
  return { show: { note, prompt: note, line: note }, lines };
}

const changes: readonly (readonly [what: string, script: string, shown: RegExp])[] = [
  [
    'one byte of a file',
    `printf x | dd of=/data/orders/archive/old.bin bs=1 seek=1000000 conv=notrunc`,
    /^ {2}- -rw.* \.\/orders\/archive\/old\.bin$/,
  ],
  ['the mode of a file', 'chmod 700 /data/count.sh', /^ {2}\+ -rwx------ .* \.\/count\.sh$/],
  ['where a symlink leads', 'ln -sf elsewhere /data/latest', /^ {2}\+ l.* -> elsewhere \.\/latest$/],
  ['a removed empty directory', 'rmdir /data/inbox', /^ {2}- d.* - \.\/inbox$/],
  ['a new file', 'touch /data/new', /^ {2}\+ -.* \.\/new$/],
];

await test('the demo detects any difference in a volume', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'stash-demo-'));
  const sandbox = await startSandbox({ directory });
  const { cluster } = sandbox;
  t.after(async () => {
    await sandbox.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const kubectl = createKubectl(cluster, record().show);
  await kubectl.apply('shop.yaml');
  await kubectl.rollout('deployment/shop');
  const [pod = ''] = (await kubectl.runEverywhere('fill.sh')).keys();
  const read = () => kubectl.runEverywhere('tree.sh');

  const compare = async (before: ReadonlyMap<string, string>) => {
    const { show, lines } = record();
    const same = compareVolumes(show, before, await read());
    return { same, lines };
  };
  const whole = await read();
  const checksum = digest(whole.get(pod) ?? '');
  assert.deepEqual(await compare(whole), {
    same: true,
    lines: [`${pod}  ${checksum}  ${checksum}  identical`],
  });

  for (const [what, script, shown] of changes) {
    const before = await read();
    await runInPod(cluster, { namespace: 'default', pod }, ['sh', '-c', script]);
    const { same, lines } = await compare(before);
    assert.equal(same, false, what);
    assert.match(lines[0] ?? '', / DIFFERENT$/, what);
    assert.ok(
      lines.some((line) => shown.test(line)),
      `${what}:\n${lines.join('\n')}`,
    );
  }
});

test('a missing volume, or one that was never read, is not identical', () => {
  const { show } = record();
  assert.equal(compareVolumes(show, new Map([['data', 'a\n']]), new Map()), false);
  assert.equal(compareVolumes(show, new Map([['data', '']]), new Map([['data', '']])), false);
  assert.equal(compareVolumes(show, new Map(), new Map()), false);
});
