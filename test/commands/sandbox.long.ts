import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import { ourProgram } from '#test/support/our-program.ts';

const root = await mkdtemp(join(tmpdir(), 'stash-place-'));
after(() => rm(root, { recursive: true, force: true }));

const file = join(root, 'file');
await writeFile(file, '');
const closed = join(root, 'closed');
await mkdir(closed, { mode: 0o500 });
const link = join(root, 'link');
await symlink(join(root, 'nowhere'), link);
const stored = join(root, 'stored');
await mkdir(stored);
await writeFile(join(stored, 'storage'), '');

interface Ended {
  readonly code: number;
  readonly err: string;
}

async function sandbox(
  argv: readonly string[],
  { temporary = root, removed }: { temporary?: string; removed?: string } = {},
): Promise<Ended> {
  const line = [...(await ourProgram()).argv, 'sandbox', ...argv];
  const leave = removed === undefined ? '' : 'rmdir "$PWD" && ';
  const child = spawn('sh', ['-c', `${leave}exec "$@"`, 'sh', ...line], {
    cwd: removed,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
  });
  const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>]);
  return { code, err };
}

const asRoot = process.getuid?.() === 0 && 'root may write anywhere';
const temporaryHint = 'hint: use --dir DIRECTORY, or set $TMPDIR to a writable directory\n';
const directoryHint = 'hint: use the absolute path of a writable directory: --dir DIRECTORY\n';

const temporaries = [
  { name: 'missing', temporary: join(root, 'missing'), why: 'no such file or directory', skip: false },
  { name: 'a file', temporary: file, why: 'not a directory', skip: false },
  { name: 'not writable', temporary: closed, why: 'permission denied', skip: asRoot },
];

for (const { name, temporary, why, skip } of temporaries) {
  test(`if $TMPDIR is ${name}, it says so`, { skip }, async () => {
    const err = `error: cannot make a directory in ${temporary}: ${why}\n${temporaryHint}`;
    assert.deepEqual(await sandbox(['--', 'true'], { temporary }), { code: 1, err });
  });
}

const notLinux = process.platform !== 'linux' && 'only Linux has /proc';

const directories = [
  { name: 'a file', dir: file, why: 'file already exists', skip: false },
  { name: 'in a file', dir: join(file, 'dir'), why: 'not a directory', skip: false },
  { name: 'not writable', dir: closed, why: 'permission denied', skip: asRoot },
  { name: 'a link to nothing', dir: link, why: 'file already exists', skip: false },
  { name: 'in /proc', dir: '/proc/x', why: 'no such file or directory', skip: notLinux },
  { name: 'deep in /proc', dir: '/proc/x/y', why: 'no such file or directory', skip: notLinux },
  {
    name: '/proc itself',
    dir: '/proc',
    why: 'no such file or directory',
    skip: asRoot === false || notLinux,
  },
  { name: 'empty', dir: '', why: 'no such file or directory', skip: false },
  { name: 'a directory whose storage is a file', dir: stored, why: 'not a directory', skip: false },
];

for (const { name, dir, why, skip } of directories) {
  test(`if --dir is ${name}, it says so`, { skip }, async () => {
    const err = `error: cannot use ${dir || '""'} as a directory: ${why}\n${directoryHint}`;
    assert.deepEqual(await sandbox(['--dir', dir, '--', 'true']), { code: 1, err });
  });
}

test('it runs in a working directory that was removed', async () => {
  const removed = join(root, 'removed');
  await mkdir(removed);
  const temporary = join(root, 'temporary');
  await mkdir(temporary);
  const script = 'case $KUBECONFIG in "$TMPDIR"/*) exit 3 ;; esac';
  const ended = await sandbox(['--', 'sh', '-c', script], { temporary, removed });
  assert.deepEqual([ended.code, ended.err.replace(/^sh.*getcwd.*\n/gm, '')], [3, '']);
  assert.deepEqual(await readdir(temporary), []);
});

test('it refuses a relative --dir in a working directory that was removed', async () => {
  const removed = join(root, 'removed-too');
  await mkdir(removed);
  const err = `error: cannot use here as a directory: no such file or directory\n${directoryHint}`;
  assert.deepEqual(await sandbox(['--dir', 'here', '--', 'true'], { removed }), { code: 1, err });
});

test('--as makes a user with the documented roles; the administrator is another context', async () => {
  const temporary = join(root, 'temporary-as');
  await mkdir(temporary);
  const script = [
    'kubectl-stash list || exit 1',
    'kubectl-stash snapshot pvc/none; [ $? = 3 ] || exit 2',
    'kubectl-stash install --crds; [ $? = 1 ] || exit 3',
    'kubectl-stash install --crds --context sandbox || exit 4',
    'kubectl-stash delete backupsession/none --yes -n kube-system; [ $? = 1 ] || exit 5',
  ].join('\n');
  const { code, err } = await sandbox(['--as', 'dev', '--', 'sh', '-c', script], { temporary });
  assert.equal(code, 0, err);
  assert.match(err, /^you are dev, with the roles for users in namespace default; context sandbox is /m);
  assert.match(err, /user "dev" may not .*customresourcedefinitions\.apiextensions\.k8s\.io/);
});

for (const name of ['sandbox', 'system:masters']) {
  test(`--as ${name} is refused`, async () => {
    const { code, err } = await sandbox(['--as', name, '--', 'true']);
    assert.equal(code, 2, err);
    assert.match(err, /^error: --as: .*\nhint: use another name, for example --as dev\n$/);
  });
}
