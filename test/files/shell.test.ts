/** The small shell looks at the files of its volume, and at no others. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

import { runShell } from '#src/files/shell.ts';

let home: string;
let root: string;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'stash-shell-'));
  root = join(home, 'volume');
  await mkdir(join(root, 'conf/deep'), { recursive: true });
  await writeFile(join(root, 'conf/app'), 'one\n', { mode: 0o640 });
  await utimes(join(root, 'conf/app'), 1_700_000_000, 1_700_000_000);
  await writeFile(join(root, 'conf/deep/a b'), 'two\n');
  await writeFile(join(root, 'odd\u001b[31m'), '');
  await symlink('../secret', join(root, 'out'));
  await writeFile(join(home, 'secret'), 'secret\n');
});
after(() => rm(home, { recursive: true, force: true }));

async function type(...lines: string[]): Promise<[code: number, out: string, err: string]> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const input = Readable.from(lines.map((line) => `${line}\n`));
  const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));
  const code = await runShell({ root, input, out, err, isTerminal: false, reason });
  out.end();
  err.end();
  return [code, await text(out), await text(err)];
}

test('goes about, lists and prints', async () => {
  const found = await type(
    'pwd',
    'cd conf',
    'pwd',
    'ls',
    "cat 'deep/a b' app",
    'cd',
    'find conf',
    'cd conf/../conf/deep',
    'pwd',
  );
  const listed = 'conf\nconf/app\nconf/deep\nconf/deep/a b\n'.split('\n').sort();
  assert.deepEqual([found[0], found[2]], [0, '']);
  const [start, rest = ''] = found[1].split('conf\n', 2);
  assert.equal(start, '/\n/');
  assert.ok(rest.startsWith('app\ndeep\ntwo\none\n'));
  for (const line of listed) assert.ok(found[1].includes(line));
  assert.ok(found[1].endsWith('/conf/deep\n'));
});

test('says what a file is, without the escape sequences in its name', async () => {
  const [code, out] = await type('ls', 'stat conf/app out');
  assert.equal(code, 0);
  assert.match(
    out,
    /^conf\nodd\nout\n-rw-r----- \d+:\d+ 4 2023-11-14T22:13:20.000Z \/conf\/app\nlrwxrwxrwx .* \/out -> \.\.\/secret\n$/,
  );
});

test('reads nothing outside of the volume', async () => {
  const [code, out, err] = await type('cat out', 'cat ../../secret', 'cd ../..', 'pwd', 'ls out');
  assert.equal(code, 1);
  assert.equal(out, '/\n');
  assert.match(
    err,
    /^cat out: \/out leads out of the volume\n.*no \/secret.*\nls out: \/out leads out of the volume\n$/s,
  );
});

for (const [lines, code] of [
  [['exit 5', 'exit 6'], 5],
  [['cat none'], 1],
  [['cat none', 'pwd'], 0],
  [['cat none', 'exit'], 1],
  [['nonsense'], 1],
  [['ls "'], 1],
  [['', '# nothing', 'help'], 0],
  [[], 0],
] as const)
  test(`the exit code of ${JSON.stringify(lines)} is ${code}`, async () => {
    assert.equal((await type(...lines))[0], code);
  });
