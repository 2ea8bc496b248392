import assert from 'node:assert/strict';
import { test } from 'node:test';

import { claimPath } from '#src/domain/files/claim-path.ts';
import { parseDestination, parsePointLocation } from '#src/domain/files/location.ts';
import { pathFrom, shellWords } from '#src/domain/files/shell-words.ts';

const target = { kind: 'Deployment', name: 'foo' } as const;

for (const [word, expected] of [
  ['deploy/foo:/etc/app.conf', { target, path: 'etc/app.conf' }],
  ['deploy/foo:data:/etc//./app', { target, claim: 'data', path: 'etc/app' }],
  ['deploy/foo:data', { target, claim: 'data', path: '' }],
  ['deploy/foo:data:/', { target, claim: 'data', path: '' }],
  ['deploy/foo@yesterday:/x', { target, from: 'yesterday', path: 'x' }],
  ['deploy/foo@-2:data:/x', { target, from: '-2', claim: 'data', path: 'x' }],
  ['deploy/foo@2026-11-28T03:00:/x', { target, from: '2026-11-28T03:00', path: 'x' }],
  ['deploy/foo@2026-11-28T03:00:data:/x', { target, from: '2026-11-28T03:00', claim: 'data', path: 'x' }],
  [
    'deploy/foo@2026-11-28T03:00:15Z:data:/x:y',
    { target, from: '2026-11-28T03:00:15Z', claim: 'data', path: 'x:y' },
  ],
  ['deploy/foo:/a:b/c', { target, path: 'a:b/c' }],
  ['deploy/foo:/a\nb', { target, path: 'a\nb' }],
] as const)
  test(`source ${JSON.stringify(word)}`, () => {
    assert.deepEqual(parsePointLocation(word), expected);
  });

for (const [word, message] of [
  ['deploy/foo', /names no file in a restore point/],
  ['deploy/foo:', /names no file in a restore point/],
  ['./deploy/foo:/x', /names no file in a restore point/],
  ['/tmp/x', /names no file in a restore point/],
  ['deploy/foo:data:x', /names no file in a restore point/],
  ['deploy/foo:Data:/x', /"Data" cannot be the name of a claim/],
  ['deploi/foo:/x', /unknown type "deploi"/],
  ['pod/foo:/x', /pod cannot be snapshotted or restored by itself/],
  ['deploy/foo:/../x', /may leave the volume/],
  ['deploy/foo:data:/a/../../x', /may leave the volume/],
] as const)
  test(`source ${word} is refused`, () => {
    assert.throws(() => parsePointLocation(word), message);
  });

for (const [word, expected] of [
  ['.', { local: '.' }],
  ['./a:b', { local: './a:b' }],
  ['/tmp/a:b/c', { local: '/tmp/a:b/c' }],
  ['~/x', { local: '~/x' }],
  ['dir/file', { local: 'dir/file' }],
  ['deploy/foo:/data/x', { of: target, path: '/data/x' }],
  ['po/foo-0:/data', { of: { pod: 'foo-0' }, path: '/data' }],
] as const)
  test(`destination ${word}`, () => {
    assert.deepEqual(parseDestination(word), expected);
  });

for (const [word, message] of [
  ['', /the destination is empty/],
  ['deploy/foo:data:/x', /names no path in a running pod/],
  ['deploy/foo@latest:/x', /names no path in a running pod/],
  ['dir/file:x', /names no path in a running pod|unknown type/],
  ['pod/Foo:/x', /"Foo" cannot be the name of a pod/],
] as const)
  test(`destination ${JSON.stringify(word)} is refused`, () => {
    assert.throws(() => parseDestination(word), message);
  });

test('a path of a volume has no empty parts', () => {
  assert.equal(claimPath('//a/./b//'), 'a/b');
  assert.equal(claimPath('/'), '');
  assert.equal(claimPath('/..a/b..'), '..a/b..');
  assert.throws(() => claimPath('/a\0b'), /null character/);
});

for (const [line, expected] of [
  ['', []],
  ['  ls   -l  ', ['ls', '-l']],
  [`cat "a b" 'c "d'`, ['cat', 'a b', 'c "d']],
  [String.raw`cat a\ b "\"\\\n"`, ['cat', 'a b', String.raw`"\\n`]],
  [`ls ''`, ['ls', '']],
  [`a"b"'c'`, ['abc']],
  ['# nothing', []],
  ['a#b # c', ['a#b']],
  ['cat "a', undefined],
  ["cat 'a", undefined],
  ['cat a\\', undefined],
] as const)
  test(`the shell reads ${JSON.stringify(line)}`, () => {
    assert.deepEqual(shellWords(line), expected);
  });

test('a directory of the shell never leaves the volume', () => {
  assert.equal(pathFrom('a/b', '../c'), 'a/c');
  assert.equal(pathFrom('a', '../../../c'), 'c');
  assert.equal(pathFrom('a/b', '/c/./d/'), 'c/d');
  assert.equal(pathFrom('a', '..'), '');
});
