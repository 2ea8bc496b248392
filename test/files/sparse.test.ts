/** Holes of files and of devices are not sent, and are holes again in the copy. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';

import fc from 'fast-check';

import { readFrame, writeFrame } from '#src/domain/files/image-frame.ts';
import {
  addPart,
  bytesOf,
  MapReader,
  worthwhileHole,
  writeMap,
  type Part,
} from '#src/domain/files/sparse.ts';
import {
  blockBytes,
  endOfArchive,
  padding,
  writeSparseHeader,
  type Member,
} from '#src/domain/files/tar-header.ts';
import { forwardFiles } from '#src/files/forward-files.ts';
import { readArchive } from '#src/files/read-archive.ts';
import { readImage } from '#src/files/read-image.ts';
import { saveFiles } from '#src/files/save-files.ts';
import { sendFiles } from '#src/files/send-files.ts';
import { sendImage } from '#src/files/send-image.ts';
import { writeSparsely } from '#src/files/write-sparsely.ts';

async function directory(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'stash-sparse-'));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

interface Written {
  readonly at: number;
  readonly bytes: number;
}

/** A file of this size, in which only these parts were written. */
async function sparseFile(path: string, size: number, written: readonly Written[]): Promise<void> {
  await using file = await open(path, 'w');
  await file.truncate(size);
  for (const { at, bytes } of written) await file.write(Buffer.alloc(bytes, 7), 0, bytes, at);
}

/** All that `send` writes. */
async function sent(send: (out: PassThrough) => Promise<void>): Promise<Buffer> {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on('data', (chunk: Buffer) => chunks.push(chunk));
  await send(out);
  return Buffer.concat(chunks);
}

function archiveOf(root: string, path: string): Promise<Buffer> {
  return sent((out) => sendFiles({ root, path, out, onProblem: (_, why) => assert.fail(why) }));
}

async function save(archive: Buffer, to: string, root?: string): Promise<number> {
  let bytes = 0;
  await saveFiles({
    ...{ members: readArchive(Readable.from([archive])), root, to, onFile: () => undefined },
    onBytes: (more) => (bytes += more),
    onSkipped: (_, why) => assert.fail(why),
    onFailed: (_, why) => assert.fail(why),
  });
  return bytes;
}

const megabyte = 2 ** 20;
const shapes: readonly [string, number, readonly Written[]][] = [
  ['all hole', 3 * megabyte, []],
  ['a hole at the end', 3 * megabyte, [{ at: 0, bytes: 5_000 }]],
  ['a hole at the beginning', 3 * megabyte + 17, [{ at: 3 * megabyte, bytes: 17 }]],
  ['holes between', 5 * megabyte, [0, 1, 2, 4].map((n) => ({ at: n * megabyte + 300_000, bytes: 100_000 }))],
];

for (const [name, size, written] of shapes)
  test(`a file with holes arrives as it was, and few bytes travel: ${name}`, async (t) => {
    const home = await directory(t);
    await sparseFile(join(home, 'disk'), size, written);
    const archive = await archiveOf(home, 'disk');
    const data = written.reduce((sum, { bytes }) => sum + bytes + 8_192, 0);
    assert.ok(archive.length < data + 20 * blockBytes, `${archive.length} bytes`);
    const to = join(await directory(t), 'copy');
    // The progress bar counts the holes, as the total of the archive does.
    assert.equal(await save(archive, to, 'disk'), size);
    assert.ok((await readFile(to)).equals(await readFile(join(home, 'disk'))));
    assert.ok((await stat(to)).blocks * 512 <= data);
    const theirs = await directory(t);
    execFileSync('tar', ['-xf', '-', '-C', theirs], { input: archive });
    assert.ok((await readFile(join(theirs, 'disk'))).equals(await readFile(to)), 'as GNU tar reads it');
  });

test('a name of any length and of any bytes, with a hole in the file', async (t) => {
  const home = await directory(t);
  for (const name of [
    Buffer.from('n'.repeat(200)),
    Buffer.from('line\nbreak=\xff\xfe', 'latin1'),
    Buffer.from('GNUSparseFile.0'),
  ]) {
    const path = Buffer.concat([Buffer.from(`${home}/`), name]);
    await using file = await open(path, 'w');
    await file.truncate(megabyte);
  }
  const to = await directory(t);
  await save(await archiveOf(home, ''), to);
  const list = (at: string) => execFileSync('ls', ['-b', at]).toString();
  assert.equal(list(to), list(home));
});

test('a pod of the workload gets the zeros of a hole: its tar may not know of holes', async (t) => {
  const home = await directory(t);
  await sparseFile(join(home, 'disk'), 3 * megabyte, [{ at: megabyte, bytes: 10 }]);
  const archive = await archiveOf(home, 'disk');
  const forwarded = await sent((out) =>
    forwardFiles({
      ...{ members: readArchive(Readable.from([archive])), root: 'disk', as: 'disk', out },
      ...{ onFile: () => undefined, onBytes: () => undefined, onSkipped: (_, why) => assert.fail(why) },
    }),
  );
  const theirs = await directory(t);
  execFileSync('tar', ['--no-same-owner', '-xf', '-', '-C', theirs], { input: forwarded });
  assert.ok((await readFile(join(theirs, 'disk'))).equals(await readFile(join(home, 'disk'))));
});

test('sparse archives of GNU tar are read in the form of POSIX, and others refused', async (t) => {
  const home = await directory(t);
  await sparseFile(join(home, 'disk'), 3 * megabyte, [{ at: megabyte, bytes: 10 }]);
  const theirs = (...flags: string[]) =>
    execFileSync('tar', ['-C', home, '-S', ...flags, '-cf', '-', 'disk']);
  const to = join(await directory(t), 'copy');
  await save(theirs('--format=posix'), to, 'disk');
  assert.ok((await readFile(to)).equals(await readFile(join(home, 'disk'))));
  for (const flags of [['--format=gnu'], ['--format=posix', '--sparse-version=0.1']])
    await assert.rejects(save(theirs(...flags), to, 'disk'), /sparse files in a form of its own/);
});

test('a map says what was written into it, whatever the pieces are that it arrives in', () => {
  const lengths = fc.array(fc.tuple(fc.nat(1_000), fc.integer({ min: 1, max: 1_000 })), { maxLength: 40 });
  fc.assert(
    fc.property(lengths, fc.nat(100), fc.integer({ min: 1, max: 64 }), (gaps, rest, step) => {
      const parts: Part[] = [];
      let at = 0;
      for (const [gap, length] of gaps) {
        parts.push({ start: at + gap, end: at + gap + length });
        at += gap + length;
      }
      const map = writeMap(parts, at + rest);
      const reader = new MapReader(at + rest);
      let read: Part[] | undefined;
      for (let from = 0; from < map.length && !read; from += step)
        read = reader.add(map.subarray(from, from + step));
      assert.deepEqual(read, parts);
    }),
  );
});

test('parts that lie close together are one, and no file has more of them than the map may have', () => {
  const parts: Part[] = [];
  for (const [start, end] of [
    [0, 10],
    [15, 20],
    [30, 40],
  ] as const)
    addPart(parts, { start, end }, 6);
  assert.deepEqual(parts, [
    { start: 0, end: 20 },
    { start: 30, end: 40 },
  ]);
  assert.equal(bytesOf(parts), 30);
  const terabyte = 2 ** 40;
  assert.ok(terabyte / worthwhileHole(terabyte) <= 100_000);
  assert.equal(worthwhileHole(megabyte), 65_536);
});

for (const [name, map] of [
  ['no number', 'x\n'],
  ['a part before another', '2\n100\n10\n50\n10\n'],
  ['parts that overlap', '2\n0\n10\n5\n10\n'],
  ['a part beyond the end', '1\n990\n20\n'],
  ['a negative number', '1\n-5\n20\n'],
  ['too many parts', '200000\n'],
  ['a number without end', '1'.repeat(600)],
] as const)
  test(`a malformed map is refused: ${name}`, async (t) => {
    const nothing = Buffer.alloc(0);
    const member = {
      ...{ name: Buffer.from('f'), type: 'file', size: 1_000, mode: 0o644 },
      ...{ uid: 0, gid: 0, modified: 0, link: nothing },
    } satisfies Member;
    const filled = Buffer.concat([Buffer.from(map), padding(map.length)]);
    const archive = Buffer.concat([writeSparseHeader(member, filled.length), filled, endOfArchive]);
    const to = join(await directory(t), 'copy');
    await assert.rejects(save(archive, to, 'f'), /the map of a file is malformed/);
    await assert.rejects(stat(to), { code: 'ENOENT' });
  });

for (const [name, size, written] of shapes)
  test(`a device arrives as it was, and few bytes travel: ${name}`, async (t) => {
    const home = await directory(t);
    await sparseFile(join(home, 'device'), size, written);
    const image = await sent((out) => sendImage(join(home, 'device'), out));
    assert.ok(image.length < written.reduce((sum, { bytes }) => sum + bytes + 8_192, 1_000));
    await using file = await open(join(home, 'copy'), 'w');
    await writeSparsely(file, readImage(Readable.from([image])), undefined, () => undefined);
    assert.ok((await readFile(join(home, 'copy'))).equals(await readFile(join(home, 'device'))));
    for (const length of [0, 10, image.length - 1])
      await assert.rejects(async () => {
        for await (const piece of readImage(Readable.from([image.subarray(0, length)]))) assert.ok(piece);
      }, /ends too early/);
  });

test('a frame says what was written into it, and a length that no device has is refused', async (t) => {
  const frames = fc.record({ hole: fc.maxSafeNat(), length: fc.maxSafeNat() });
  fc.assert(
    fc.property(frames, (frame) => {
      assert.deepEqual(readFrame(writeFrame(frame)), { ...frame });
    }),
  );
  assert.throws(() => readFrame(Buffer.alloc(16, 0xff)), /cannot be read/);
  const home = await directory(t);
  await writeFile(join(home, 'none'), '');
  assert.equal((await sent((out) => sendImage(join(home, 'none'), out))).length, 16);
});
