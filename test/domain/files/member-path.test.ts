import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';

import fc from 'fast-check';

import { memberParts, staysInside } from '#src/domain/files/member-path.ts';
import { partsBelow } from '#src/domain/files/rooted.ts';

const parts = (name: string): string[] | undefined =>
  memberParts(Buffer.from(name))?.map((part) => part.toString());

test('a member has a place below its destination, or none', () => {
  assert.deepEqual(parts('a//./b/'), ['a', 'b']);
  assert.deepEqual(parts('./'), []);
  assert.deepEqual(parts(''), []);
  assert.deepEqual(parts('..a/b'), ['..a', 'b']);
  for (const name of ['/a', '..', 'a/..', '../a', 'a/../b', 'a\0b'])
    assert.equal(parts(name), undefined, name);
});

const piece = fc.constantFrom('a', 'b', '..', '.', '', '...', '/');

test('no place of a member is outside of the destination, whatever its name', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const name = pieces.join('/');
      const found = parts(name);
      if (found === undefined) return;
      const place = posix.join('/to', ...found);
      assert.ok(place === '/to' || place.startsWith('/to/'), name);
      assert.ok(!found.includes('..'));
    }),
  );
});

test('a link that stays inside leads there by its path, too', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 }),
      fc.array(piece, { minLength: 1, maxLength: 6 }),
      (at, pieces) => {
        const target = pieces.join('/');
        if (
          !staysInside(
            at.map((part) => Buffer.from(part)),
            Buffer.from(target),
          )
        )
          return;
        const leads = posix.resolve('/to', ...at.slice(0, -1), target);
        assert.ok(leads === '/to' || leads.startsWith('/to/'), `${at.join('/')} -> ${target}`);
      },
    ),
  );
  const inside = (at: string, target: string) =>
    staysInside(
      at.split('/').map((part) => Buffer.from(part)),
      Buffer.from(target),
    );
  assert.ok(inside('a/b', '../c'));
  assert.ok(inside('a', 'b/c'));
  assert.ok(!inside('a', '../c'));
  assert.ok(!inside('a/b', '../../c'));
  // What stands before ".." may be a link.
  assert.ok(!inside('a', 'b/../c'));
  for (const target of ['', '/etc', 'a\0b']) assert.ok(!inside('a', target));
});

test('a member belongs to the root of its archive', () => {
  const below = (name: string, root?: string) =>
    partsBelow(Buffer.from(name), root).map((part) => part.toString());
  assert.deepEqual(below('etc/app', 'etc'), ['app']);
  assert.deepEqual(below('etc/', 'etc'), []);
  assert.deepEqual(below('./etc/app'), ['etc', 'app']);
  for (const name of ['other/app', 'etcetera', '../etc', ''])
    assert.throws(() => below(name, 'etc'), /not below etc/, name);
  assert.throws(() => below('../x'), /not below the volume/);
});
