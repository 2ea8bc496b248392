import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { checksum, withChecksum, withoutSignature } from '../../cmd/package/pe.ts';
import { certificateEntryAt, optionalHeaderAt, windowsProgram } from './windows-program.ts';

const bytes = (minLength: number) =>
  fc.uint8Array({ minLength, maxLength: 300 }).map((array) => Buffer.from(array));

test('the signature and the entry that points to it are removed, and the checksum is updated', () => {
  fc.assert(
    fc.property(bytes(0), bytes(8), (code, signature) => {
      const without = withoutSignature(windowsProgram(code, signature));
      assert.equal(without.readBigUInt64LE(certificateEntryAt), 0n);
      assert.ok(without.equals(withChecksum(windowsProgram(code, Buffer.alloc(0)))));
      assert.equal(without.readUInt32LE(optionalHeaderAt + 64), checksum(without));
    }),
  );
});

test('the checksum equals the one that Windows computes', () => {
  // Calculated by hand: the words of the headers, 0x0102 in the code, carries added back, and the length.
  const program = windowsProgram(Buffer.from([0x02, 0x01]), Buffer.alloc(0));
  const words = [0x5a4d, headerOffset, 0x4550, 0x8664, 0x020b, 16, 0x0102];
  const sum = words.reduce((total, word) => total + word, 0);
  assert.equal(checksum(program), (sum & 0xffff) + (sum >>> 16) + program.length);
  // The checksum field itself does not count.
  const before = checksum(program);
  assert.equal(checksum(withChecksum(program)), before);
});

test('it refuses files that are not 64-bit Windows programs, and data behind the signature', () => {
  assert.throws(() => withoutSignature(Buffer.alloc(256)), /not a Windows program/);
  const more = Buffer.concat([windowsProgram(Buffer.alloc(4), Buffer.alloc(8)), Buffer.from('more')]);
  assert.throws(() => withoutSignature(more), /data follows/);
});

const headerOffset = 0x80;
