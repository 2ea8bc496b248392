/** The contents of a block volume arrive in one file, with holes where they are empty. */
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';

import { writeSparsely } from '#src/files/write-sparsely.ts';

test('pieces of any size, zeros among them, over a longer file', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'stash-sparse-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const contents = Buffer.alloc(2 * 1024 * 1024);
  contents.write('boot', 0);
  contents.write('middle', 1_000_003);
  contents.write('end', contents.length - 3);
  for (const size of [contents.length, 64 * 1024, 100_003, 4_095]) {
    const path = join(home, `image-${size}`);
    await writeFile(path, '');
    let bytes = 0;
    {
      await using file = await open(path, 'w');
      const pieces = Array.from({ length: Math.ceil(contents.length / size) }, (_, at) =>
        contents.subarray(at * size, (at + 1) * size),
      );
      const written = await writeSparsely(file, Readable.from(pieces), undefined, (more) => (bytes += more));
      assert.equal(written, contents.length);
    }
    assert.equal(bytes, contents.length);
    assert.ok(contents.equals(await readFile(path)), `pieces of ${size}`);
    assert.ok((await stat(path)).blocks * 512 < 128 * 1024);
  }
});
