import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { adHocSigned } from '../../cmd/package/mach-o-signature.ts';
import { macProgram } from './mac-program.ts';
import { verifySignature } from './verify-signature.ts';

const bytes = (maxLength: number) =>
  fc.uint8Array({ minLength: 1, maxLength, size: 'max' }).map((array) => Buffer.from(array));

test('every program gets a valid signature, and signing again does not change it', () => {
  fc.assert(
    fc.property(
      bytes(9000),
      bytes(5000),
      fc.stringMatching(/^[a-z.-]{1,40}$/),
      (code, linkedit, identifier) => {
        const program = macProgram({ code, linkedit });
        const signed = adHocSigned(program, identifier);
        const { identifier: read, covered } = verifySignature(signed);
        assert.equal(read, identifier);
        assert.ok(covered >= program.length && covered < program.length + 16);
        assert.ok(adHocSigned(signed, identifier).equals(signed));
        assert.equal(verifySignature(adHocSigned(signed, 'another')).identifier, 'another');
      },
    ),
    { numRuns: 50 },
  );
});

test('a changed byte invalidates the signature', () => {
  const signed = adHocSigned(
    macProgram({ code: Buffer.alloc(5000, 7), linkedit: Buffer.from('symbols') }),
    'stash',
  );
  const { covered } = verifySignature(signed);
  for (const at of [0x1800, covered - 17]) {
    const changed = Buffer.from(signed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => verifySignature(changed), /page/);
  }
});

test('it refuses programs that it would break', () => {
  const program = macProgram({ code: Buffer.alloc(10, 1), linkedit: Buffer.from('symbols') });
  assert.throws(() => adHocSigned(Buffer.concat([program, Buffer.from('more')]), 'stash'), /not at the end/);
  assert.throws(() => adHocSigned(Buffer.alloc(64), 'stash'), /not a 64-bit Mach-O/);
  const full = Buffer.from(program);
  full.fill(1, 32 + 144, 32 + 160);
  assert.throws(() => adHocSigned(full, 'stash'), /no room/);
});
