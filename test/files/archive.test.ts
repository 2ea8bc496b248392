/** What is sent as an archive arrives as it was, and nothing is ever written outside of the copy. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';

import fc from 'fast-check';
import { extract, pack } from 'tar-stream';

import { writeHeader, endOfArchive, padding, type Member } from '#src/domain/files/tar-header.ts';
import { readArchive, type ArchiveMember } from '#src/files/read-archive.ts';
import { saveFiles } from '#src/files/save-files.ts';
import { sendFiles } from '#src/files/send-files.ts';

async function directory(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'stash-files-'));
  // Node cannot remove paths that are as long as some of these.
  t.after(() => execFileSync('rm', ['-rf', made]));
  return made;
}

interface Left {
  readonly skipped: string[];
  readonly failed: string[];
}

async function save(members: AsyncIterable<ArchiveMember>, to: string, root?: string): Promise<Left> {
  const skipped: string[] = [];
  const failed: string[] = [];
  await saveFiles({
    ...{ members, to, root, onFile: () => undefined, onBytes: () => undefined },
    onSkipped: (name, why) => skipped.push(`${name.toString('latin1')}: ${why}`),
    onFailed: (name, why) => failed.push(`${name.toString('latin1')}: ${why}`),
  });
  return { skipped, failed };
}

/** Sends a path of a volume, and saves it. */
async function copy(
  root: string,
  path: string,
  to: string,
): Promise<Left & { problems: string[]; total: number }> {
  const stream = new PassThrough();
  const problems: string[] = [];
  let total = -1;
  const sending = sendFiles({
    root,
    path,
    out: stream,
    onProblem: (name, why) => problems.push(`${name.toString()}: ${why}`),
  });
  const done = sending.finally(() => stream.end());
  const name = path === '' ? undefined : path.slice(path.lastIndexOf('/') + 1);
  const [left] = await Promise.all([
    save(
      readArchive(stream, (bytes) => (total = bytes)),
      to,
      name,
    ),
    done,
  ]);
  return { ...left, problems, total };
}

/** Everything below a directory: what it is, and what it contains. */
async function tree(path: Buffer, name = ''): Promise<string[]> {
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) return [`${name} -> ${await readlink(path)}`];
  const mode = (stats.mode & 0o777).toString(8);
  if (stats.isFile()) {
    const contents = (await readFile(path)).toString('base64');
    return [`${name} ${mode} ${Math.floor(stats.mtimeMs / 1000)} ${contents}`];
  }
  const below: string[] = [];
  for (const entry of await readdir(path, { encoding: 'buffer' }))
    below.push(
      ...(await tree(Buffer.concat([path, Buffer.from('/'), entry]), `${name}/${entry.toString('latin1')}`)),
    );
  return [`${name}/`, ...below].sort();
}

async function fill(root: string): Promise<void> {
  await mkdir(join(root, 'etc/empty'), { recursive: true });
  await writeFile(join(root, 'etc/app.conf'), 'x'.repeat(1_300));
  await chmod(join(root, 'etc/app.conf'), 0o640);
  await utimes(join(root, 'etc/app.conf'), 1_000_000_000, 1_000_000_000);
  await writeFile(join(root, 'etc/none'), '');
  await writeFile(
    Buffer.concat([Buffer.from(`${root}/etc/`), Buffer.from('line\nbreak "\xff\xfe', 'latin1')]),
    'odd',
  );
  for (const name of ['back\\slash', 'co:lon', '-rf', ' ', '...', '$(x)', 'A', 'a', 'é', 'e\u0301'])
    await writeFile(join(root, 'etc', name), `named ${name}`);
  await writeFile(join(root, `etc/${'n'.repeat(255)}`), 'long');
  await mkdir(join(root, `etc/${'d'.repeat(120)}/${'e'.repeat(120)}`), { recursive: true });
  await writeFile(join(root, `etc/${'d'.repeat(120)}/${'e'.repeat(120)}/ü`), 'deep');
  await symlink('app.conf', join(root, 'etc/inside'));
  await symlink(`${'d'.repeat(120)}/${'e'.repeat(120)}/ü`, join(root, 'etc/long-link'));
  await link(join(root, 'etc/app.conf'), join(root, 'etc/second-name'));
}

test('a directory arrives with names, contents, modes, times and links', async (t) => {
  const home = await directory(t);
  await fill(home);
  const to = join(await directory(t), 'copy');
  const { total, ...left } = await copy(home, 'etc', to);
  assert.deepEqual(left, { skipped: [], failed: [], problems: [] });
  assert.deepEqual(await tree(Buffer.from(to)), await tree(Buffer.from(join(home, 'etc'))));
  assert.equal((await stat(join(to, 'second-name'))).ino, (await stat(join(to, 'app.conf'))).ino);
  // Both names of a file count.
  const sizes = (
    await readdir(join(home, 'etc'), { recursive: true, withFileTypes: true, encoding: 'buffer' })
  )
    .filter((entry) => entry.isFile())
    .map(
      async ({ parentPath, name }) => (await stat(Buffer.concat([Buffer.from(`${parentPath}/`), name]))).size,
    );
  assert.equal(
    total,
    (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
  );
});

test('what is no file is told and left out, and no file becomes a set-user-ID program', async (t) => {
  const home = await directory(t);
  await mkdir(join(home, 'run'));
  execFileSync('mkfifo', [join(home, 'run/pipe')]);
  const socket = createServer().listen(join(home, 'run/db.sock'));
  t.after(() => socket.close());
  await once(socket, 'listening');
  await writeFile(join(home, 'run/tool'), '#!/bin/sh');
  await chmod(join(home, 'run/tool'), 0o4755);
  const to = join(await directory(t), 'copy');
  const { skipped, problems } = await copy(home, 'run', to);
  const why = 'it is a device, a pipe or a socket';
  assert.deepEqual(skipped.sort(), [`run/db.sock: ${why}`, `run/pipe: ${why}`]);
  assert.deepEqual(problems, []);
  assert.deepEqual(await readdir(to), ['tool']);
  assert.equal((await stat(join(to, 'tool'))).mode & 0o7777, 0o755);
});

test('a path that is too long, there or here, is told, and the rest is copied', async (t) => {
  const home = await directory(t);
  const name = 'd'.repeat(250);
  const deep = (root: string, depth: number) =>
    execFileSync(
      'sh',
      ['-c', 'for i in $(seq $2); do mkdir $1; cd $1; done; echo x > file', 'sh', name, String(depth)],
      {
        cwd: root,
      },
    );
  const [far, near] = [join(home, 'far'), join(home, 'near')];
  await mkdir(far);
  await mkdir(near);
  await writeFile(join(far, 'other'), 'other');
  await writeFile(join(near, 'other'), 'other');
  deep(far, 17);
  deep(near, 16);
  const to = await directory(t);
  const tooFar = await copy(home, 'far', join(to, 'far'));
  assert.match(tooFar.problems.join(), /: its path is too long$/);
  assert.equal(await readFile(join(to, 'far/other'), 'utf8'), 'other');
  const below = join(to, name);
  await mkdir(below);
  const tooLong = await copy(home, 'near', join(below, 'near'));
  assert.match(tooLong.failed.join(), /: its path is too long here$/);
  assert.equal(await readFile(join(below, 'near/other'), 'utf8'), 'other');
});

/** Of each name a file that contains it, or of `name/` a directory. */
async function* membersNamed(
  names: readonly string[],
  before: (name: string) => Promise<void> = () => Promise.resolve(),
): AsyncGenerator<ArchiveMember, void> {
  for (const name of names) {
    await before(name);
    const plain = {
      name: Buffer.from(name),
      link: Buffer.alloc(0),
      mode: 0o644,
      uid: 0,
      gid: 0,
      modified: 0,
    };
    const contents = Buffer.from(name);
    yield name.endsWith('/')
      ? { member: { ...plain, type: 'directory', size: 0 }, contents: Readable.from([]) }
      : { member: { ...plain, type: 'file', size: contents.length }, contents: Readable.from([contents]) };
  }
}

test('two names that are one on this file system: the second one is told, and does not replace the first', async (t) => {
  const to = join(await directory(t), 'copy');
  // As a file system does that ignores case.
  const alike: Readonly<Record<string, string>> = { readme: 'README', 'dir/a': 'dir/A' };
  const asIgnoringCase = async (name: string) => {
    const other = alike[name];
    if (other !== undefined) await link(join(to, other), join(to, name));
  };
  const names = ['README', 'readme', 'dir/', 'dir/A', 'dir/a', 'dir/b', 'other/a'];
  const { failed } = await save(membersNamed(names, asIgnoringCase), to);
  assert.deepEqual(failed, [
    'readme: on this file system, its name is that of README',
    'dir/a: on this file system, its name is that of A',
  ]);
  for (const name of ['README', 'dir/A', 'dir/b', 'other/a'])
    assert.equal(await readFile(join(to, name), 'utf8'), name);
});

test('two names that differ in case only are two files here, over an earlier copy, too', async (t) => {
  const to = join(await directory(t), 'copy');
  const names = ['a/x', 'A/x', 'b/X', 'b/x', 'b/\u00e9', 'b/e\u0301'];
  for (let time = 0; time < 2; time++) {
    assert.deepEqual((await save(membersNamed(names), to)).failed, []);
    for (const name of names) assert.equal(await readFile(join(to, name), 'utf8'), name);
  }
});

test('a hard link to what was not copied is told, and the rest is copied', async (t) => {
  const to = join(await directory(t), 'copy');
  async function* members(): AsyncGenerator<ArchiveMember, void> {
    for await (const each of membersNamed(['pipe', 'second', 'third'])) {
      const { member } = each;
      const name = member.name.toString();
      if (name === 'pipe') yield { ...each, member: { ...member, type: 'other', size: 0 } };
      else if (name === 'second')
        yield { ...each, member: { ...member, type: 'hard-link', size: 0, link: Buffer.from('pipe') } };
      else yield each;
    }
  }
  const { failed, skipped } = await save(members(), to);
  assert.deepEqual(skipped, ['pipe: it is a device, a pipe or a socket']);
  assert.deepEqual(failed, ['second: the file that it is a link to was not copied']);
  assert.deepEqual(await readdir(to), ['third']);
});

test('a disk that is full: the error of the file system, complete files, and no part of one', async (t) => {
  const home = await directory(t);
  await writeFile(join(home, 'one'), 'one');
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  async function* members(): AsyncGenerator<ArchiveMember, void> {
    for await (const member of readArchive(
      Readable.from([execFileSync('tar', ['-C', home, '-cf', '-', 'one'])]),
    )) {
      yield member;
      const contents = (async function* () {
        yield Buffer.from('half');
        await Promise.reject(full);
      })();
      yield { member: { ...member.member, name: Buffer.from('two') }, contents };
    }
  }
  const to = join(await directory(t), 'copy');
  await assert.rejects(save(members(), to), full);
  assert.deepEqual(await readdir(to), ['one']);
});

test('one file, the whole volume, and a second copy over the first', async (t) => {
  const home = await directory(t);
  await fill(home);
  const to = await directory(t);
  await copy(home, 'etc/app.conf', join(to, 'mine'));
  assert.equal((await readFile(join(to, 'mine'))).length, 1_300);
  await copy(home, '', join(to, 'all'));
  await writeFile(join(to, 'all/etc/app.conf'), 'changed since');
  await writeFile(join(to, 'all/etc/own'), 'stays');
  await copy(home, '', join(to, 'all'));
  assert.equal((await readFile(join(to, 'all/etc/app.conf'))).length, 1_300);
  assert.equal(await readFile(join(to, 'all/etc/own'), 'utf8'), 'stays');
});

test('holes stay holes', async (t) => {
  const home = await directory(t);
  await writeFile(join(home, 'disk'), 'begin');
  await truncate(join(home, 'disk'), 64 * 1024 * 1024);
  const to = await directory(t);
  await copy(home, 'disk', join(to, 'disk'));
  const { size, blocks } = await stat(join(to, 'disk'));
  assert.equal(size, 64 * 1024 * 1024);
  assert.ok(blocks * 512 < 1024 * 1024, `${blocks} blocks`);
});

test('GNU tar reads what is sent, with its names', async (t) => {
  const home = await directory(t);
  await fill(home);
  const archive = new PassThrough();
  const chunks: Buffer[] = [];
  archive.on('data', (chunk: Buffer) => chunks.push(chunk));
  await sendFiles({ root: home, path: 'etc', out: archive, onProblem: () => undefined });
  const to = await directory(t);
  execFileSync('tar', ['-xf', '-', '-C', to], { input: Buffer.concat(chunks) });
  assert.deepEqual(await tree(Buffer.from(join(to, 'etc'))), await tree(Buffer.from(join(home, 'etc'))));
});

test('archives of GNU tar and of tar-stream are read', async (t) => {
  const home = await directory(t);
  await fill(home);
  for (const format of ['gnu', 'posix', 'ustar']) {
    const skip = format === 'ustar' ? ['--exclude', 'd*', '--exclude', 'nn*', '--exclude', 'long-link'] : [];
    const archive = execFileSync('tar', ['-C', home, `--format=${format}`, ...skip, '-cf', '-', 'etc']);
    const to = join(await directory(t), 'copy');
    assert.deepEqual(await save(readArchive(Readable.from([archive])), to, 'etc'), {
      skipped: [],
      failed: [],
    });
    assert.equal((await readFile(join(to, 'app.conf'))).length, 1_300, format);
    if (format !== 'ustar')
      assert.deepEqual(await tree(Buffer.from(to)), await tree(Buffer.from(join(home, 'etc'))), format);
  }
  const packed = pack();
  packed.entry({ name: 'etc/ä'.padEnd(200, 'x') }, 'one');
  packed.finalize();
  const to = await directory(t);
  await save(readArchive(Readable.from(packed)), to, 'etc');
  assert.deepEqual(await readdir(to), ['ä'.padEnd(196, 'x')]);
});

test('a header says what was written into it', () => {
  const bytes = fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((all) => Buffer.from(all.map((byte) => byte || 1)));
  const members = fc.record({
    name: bytes,
    link: bytes,
    type: fc.constantFrom('file', 'directory', 'symlink', 'hard-link'),
    size: fc.maxSafeNat(),
    mode: fc.nat(0o7777),
    uid: fc.nat(2 ** 32 - 1),
    gid: fc.nat(2 ** 32 - 1),
    modified: fc.nat(2 ** 40),
  });
  return fc.assert(
    fc.asyncProperty(members, async (made) => {
      const member = { ...made, size: made.type === 'file' ? 0 : made.size } as const;
      const read: Member[] = [];
      const source = Readable.from([Buffer.concat([writeHeader(member), endOfArchive])]);
      for await (const each of readArchive(source)) read.push(each.member);
      assert.deepEqual(read, [{ ...member, size: 0 }]);
    }),
  );
});

test('a header has room for 10 GiB and more', async () => {
  const names = extract();
  const sizes: (number | undefined)[] = [];
  names.on('entry', ({ size }) => sizes.push(size));
  const nothing = Buffer.alloc(0);
  const big = {
    name: Buffer.from('big'),
    type: 'file',
    size: 10 * 2 ** 30,
    mode: 0o644,
    uid: 0,
    gid: 0,
    modified: 0,
    link: nothing,
  } as const;
  names.write(writeHeader(big));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(sizes, [10 * 2 ** 30]);
});

/** Names that try to leave a directory, by themselves or through links and files that others made. */
const part = fc.constantFrom('a', 'b', 'c', '..', '.', '', 'd', '/');
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const hostile = fc.array(
  fc.record({
    name: path,
    link: fc.oneof(
      path,
      path.map((to) => `../${to}`),
      fc.constant('/victim'),
      fc.constant('../../victim'),
    ),
    type: fc.constantFrom('file', 'directory', 'symlink', 'hard-link'),
  }),
  { maxLength: 10 },
);

test('no archive writes, links or leads outside of the copy', async (t) => {
  const home = await directory(t);
  let round = 0;
  await fc.assert(
    fc.asyncProperty(hostile, fc.boolean(), async (members, trapped) => {
      const place = join(home, String((round += 1)));
      const to = join(place, 'copy');
      await mkdir(to, { recursive: true });
      await writeFile(join(place, 'victim'), 'untouched');
      // A link that was there before.
      if (trapped) await symlink('..', join(to, 'a'));
      for (const { name, link, type } of members) {
        const contents = type === 'file' ? 'evil' : '';
        const header = writeHeader({
          ...{ type, name: Buffer.from(name), link: Buffer.from(type === 'file' ? '' : link) },
          ...{ size: contents.length, mode: 0o644, uid: 0, gid: 0, modified: 0 },
        });
        const archive = Buffer.concat([
          header,
          Buffer.from(contents),
          padding(contents.length),
          endOfArchive,
        ]);
        await save(readArchive(Readable.from([archive])), to).catch(() => undefined);
      }
      assert.deepEqual((await readdir(place)).sort(), ['copy', 'victim']);
      assert.equal(await readFile(join(place, 'victim'), 'utf8'), 'untouched');
      // Through a link of the user's own, a link of the archive may lead anywhere.
      if (!trapped) await leadsNowhere(to, to);
    }),
    { numRuns: 150 },
  );
});

/** Every link below the directory leads to something below it, or to nothing. */
async function leadsNowhere(at: string, top: string): Promise<void> {
  for (const name of await readdir(at)) {
    const path = join(at, name);
    const stats = await lstat(path);
    if (stats.isDirectory()) await leadsNowhere(path, top);
    if (!stats.isSymbolicLink()) continue;
    const real = await realpath(path).catch(() => top);
    assert.ok(
      real === (await realpath(top)) || real.startsWith(`${await realpath(top)}/`),
      `${path} leads to ${real}`,
    );
  }
}

test('a path that leaves the volume is refused, by its links too', async (t) => {
  const home = await directory(t);
  await mkdir(join(home, 'volume'));
  await writeFile(join(home, 'secret'), 'secret');
  await symlink('../secret', join(home, 'volume/link'));
  await symlink('..', join(home, 'volume/up'));
  for (const path of ['link', 'up/secret', 'up'])
    await assert.rejects(copy(join(home, 'volume'), path, join(home, 'to')), /leads out of the volume/);
  await assert.rejects(copy(join(home, 'volume'), 'none', join(home, 'to')), /the volume has no \/none/);
});

test('a broken or shortened archive is an error, and leaves no part of a file', async (t) => {
  const home = await directory(t);
  await writeFile(join(home, 'file'), Buffer.alloc(5_000, 7));
  const archive = execFileSync('tar', ['-C', home, '-cf', '-', 'file']);
  const to = await directory(t);
  for (const length of [0, 100, 512, 600, 5_500])
    await assert.rejects(
      save(readArchive(Readable.from([archive.subarray(0, length)])), join(to, 'x'), 'file'),
      /ends too early/,
    );
  const broken = Buffer.from(archive);
  broken[0] = 0x21;
  await assert.rejects(save(readArchive(Readable.from([broken])), join(to, 'x'), 'file'), /wrong checksum/);
  assert.deepEqual(await readdir(to), []);
  // The file is whole by then, the archive is not.
  await assert.rejects(save(readArchive(Readable.from([archive.subarray(0, 6_000)])), join(to, 'x'), 'file'));
  assert.deepEqual(await readFile(join(to, 'x')), Buffer.alloc(5_000, 7));
});
