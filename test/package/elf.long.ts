/** Strips Node's own program, as the build does. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { withoutDebugInfo } from '../../cmd/package/elf.ts';

const skip = process.platform !== 'linux';

test('a stripped Node is smaller, has the same loaded bytes and runs', { skip }, () => {
  const node = readFileSync(process.execPath);
  const stripped = withoutDebugInfo(node);
  assert.ok(stripped.length < node.length * 0.9, `${stripped.length} of ${node.length}`);
  for (const [offset, size] of loaded(node)) {
    assert.ok(stripped.subarray(0, offset + size).length === offset + size);
    // Skip the header: the offset of the section table in it has changed.
    const from = Math.max(offset, 64);
    assert.ok(node.subarray(from, offset + size).equals(stripped.subarray(from, offset + size)));
  }
  const directory = mkdtempSync(join(tmpdir(), 'elf-'));
  try {
    const program = join(directory, 'node');
    writeFileSync(program, stripped, { mode: 0o755 });
    assert.equal(execFileSync(program, ['-p', '6 * 7'], { encoding: 'utf8' }), '42\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a stripped program stays the same, and another format is refused', { skip }, () => {
  const once = withoutDebugInfo(readFileSync(process.execPath));
  assert.ok(withoutDebugInfo(once).equals(once));
  assert.throws(() => withoutDebugInfo(Buffer.alloc(128)), /not a 64-bit/);
});

/** Returns file offsets and sizes of the loaded segments. */
function loaded(elf: Buffer): [number, number][] {
  const at = Number(elf.readBigUInt64LE(32));
  const count = elf.readUInt16LE(56);
  return Array.from({ length: count }, (_, index) => elf.subarray(at + index * 56, at + (index + 1) * 56))
    .filter((header) => header.readUInt32LE(0) === 1)
    .map((header) => [Number(header.readBigUInt64LE(8)), Number(header.readBigUInt64LE(32))]);
}
