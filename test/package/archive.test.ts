import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { unzipSync } from 'fflate';

import { fileInTarGz, gzip, tar, zip, type ArchiveFile } from '../../cmd/package/archive.ts';

const files: readonly ArchiveFile[] = [
  { name: 'program', content: Buffer.from('#!/bin/sh\necho ran\n'), mode: 0o755 },
  { name: 'LICENSE', content: Buffer.from('free'), mode: 0o644 },
];
const time = new Date('2026-01-02T03:04:05Z');

test('a tar.gz is unpacked by tar, with permissions and the given time', async (t) => {
  const archive = await gzip(await tar(files, time));
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'archive'), archive);
  execFileSync('tar', ['-xzf', 'archive'], { cwd: directory });
  assert.equal(execFileSync(join(directory, 'program'), { encoding: 'utf8' }), 'ran\n');
  const { mode, mtime } = statSync(join(directory, 'LICENSE'));
  assert.equal(mode & 0o777, 0o644);
  assert.deepEqual(mtime, time);
  assert.equal(readFileSync(join(directory, 'LICENSE'), 'utf8'), 'free');
});

test('the same files produce the same bytes in any time zone', async () => {
  const zone = process.env['TZ'];
  const build = async () => [gunzipSync(await gzip(await tar(files, time))), zip(files)];
  try {
    process.env['TZ'] = 'Asia/Tokyo';
    const east = await build();
    process.env['TZ'] = 'America/Los_Angeles';
    assert.deepEqual(await build(), east);
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});

test('a zip contains the files', () => {
  const read = unzipSync(zip(files));
  assert.deepEqual(
    Object.entries(read).map(([name, content]) => [name, Buffer.from(content).toString()]),
    files.map(({ name, content }) => [name, content.toString()]),
  );
});

test('one file can be read from a tar.gz', async () => {
  const archive = await gzip(await tar(files, time));
  assert.equal((await fileInTarGz(archive, 'LICENSE'))?.toString(), 'free');
  assert.equal(await fileInTarGz(archive, 'missing'), undefined);
});

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'archive-'));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
}
