/** What two volumes differ in, and how it is told. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { differs, readDifference, writeDifference, type Difference } from '#src/domain/files/difference.ts';
import { compareFiles } from '#src/files/compare-files.ts';
import { countsLine, differenceLine, differenceValue } from '#src/report/differences.ts';

/** Contents of a file; null: a directory. */
type Tree = Readonly<Record<string, string | { readonly to: string } | null>>;

async function make(at: string, tree: Tree): Promise<string> {
  await mkdir(at, { recursive: true });
  for (const [name, what] of Object.entries(tree)) {
    const path = join(at, name);
    if (what === null) await mkdir(path, { recursive: true });
    else if (typeof what === 'object') await symlink(what.to, path);
    else {
      await writeFile(path, what);
      await utimes(path, 1_700_000_000, 1_700_000_000);
    }
  }
  return at;
}

async function compare(
  t: TestContext,
  before: Tree,
  now: Tree,
  options: { path?: string; byContents?: boolean; touch?: string } = {},
): Promise<string[]> {
  const home = await mkdtemp(join(tmpdir(), 'stash-compare-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const restored = await make(join(home, 'restored'), before);
  const live = await make(join(home, 'live'), now);
  if (options.touch !== undefined) await utimes(join(live, options.touch), 1_800_000_000, 1_800_000_000.5);
  const { path = '', byContents = false } = options;
  const found: Difference[] = [];
  for await (const difference of compareFiles({ restored, live, path, byContents })) {
    assert.deepEqual(readDifference(writeDifference(difference).trim()), difference);
    found.push(difference);
  }
  return found.map(differenceLine);
}

const same: Tree = { a: 'one', dir: null, 'dir/b': 'two', link: { to: 'a' } };

test('nothing', async (t) => {
  assert.deepEqual(await compare(t, same, same), []);
  assert.deepEqual(await compare(t, same, same, { byContents: true }), []);
});

test('added, removed and changed, directories with all that is in them', async (t) => {
  const before = { ...same, gone: 'old', 'old-dir': null, 'old-dir/x': 'x' } as const;
  const now = {
    ...same,
    a: 'longer',
    new: '12345',
    'new-dir': null,
    'new-dir/y': 'y',
    'new-link': { to: 'a' },
  } as const;
  assert.deepEqual(await compare(t, before, now), [
    'changed  /a  3 bytes -> 6 bytes',
    'removed  /gone  3 bytes',
    'added    /new  5 bytes',
    'added    /new-dir/',
    'added    /new-dir/y  1 byte',
    'added    /new-link -> a',
    'removed  /old-dir/',
    'removed  /old-dir/x  1 byte',
  ]);
});

test('the same size: by time, or by contents whatever the time is', async (t) => {
  const now = { ...same, 'dir/b': 'TWO' };
  assert.deepEqual(await compare(t, same, now), []);
  assert.deepEqual(await compare(t, same, now, { byContents: true }), [
    'changed  /dir/b  other contents of the same size',
  ]);
  const touched = ['changed  /a  2023-11-14T22:13:20.000Z -> 2027-01-15T08:00:00.500Z'];
  assert.deepEqual(await compare(t, same, same, { touch: 'a' }), touched);
  assert.deepEqual(await compare(t, same, same, { touch: 'a', byContents: true }), []);
});

test('kinds and links; a path below', async (t) => {
  const now: Tree = { a: null, 'a/in': 'x', dir: 'file', link: { to: 'dir' } };
  assert.deepEqual(await compare(t, same, now), [
    'changed  /a  file -> directory',
    'added    /a/in  1 byte',
    'changed  /dir  directory -> file',
    'removed  /dir/b  3 bytes',
    'changed  /link  -> a, now -> dir',
  ]);
  assert.deepEqual(await compare(t, same, { ...same, a: 'x', 'dir/c': 'c' }, { path: 'dir' }), [
    'added    /dir/c  1 byte',
  ]);
});

test('large files are compared to their end', async (t) => {
  const big = 'x'.repeat(700_000);
  assert.deepEqual(await compare(t, { big }, { big: `${big.slice(1)}y` }, { byContents: true }), [
    'changed  /big  other contents of the same size',
  ]);
});

test(
  'what may not be read is told, and the rest is compared',
  { skip: process.getuid?.() === 0 && 'root reads everything' },
  async (t) => {
    const home = await mkdtemp(join(tmpdir(), 'stash-compare-'));
    t.after(() => rm(home, { recursive: true, force: true }));
    const restored = await make(join(home, 'a'), same);
    const live = await make(join(home, 'b'), { ...same, z: 'z' });
    await chmod(join(live, 'dir'), 0);
    const found: string[] = [];
    for await (const each of compareFiles({ restored, live, path: '', byContents: false }))
      found.push(differenceLine(each));
    assert.deepEqual(found, ['unknown  /dir  permission denied', 'added    /z  1 byte']);
  },
);

test('a time differs from two milliseconds on', () => {
  const file = { kind: 'file', size: 1, modified: 5000 } as const;
  const by = (modified: number) => differs(file, { ...file, modified }, { byContents: false });
  assert.deepEqual([4998, 4999, 5000, 5001, 5002].map(by), ['time', undefined, undefined, undefined, 'time']);
});

test('counts, and objects for -o json', () => {
  assert.equal(countsLine({ added: 0, removed: 0, changed: 0, unknown: 0 }), 'no difference');
  assert.equal(countsLine({ added: 2, removed: 0, changed: 1, unknown: 3 }), '2 added, 1 changed, 3 unknown');
  const live = { kind: 'file', size: 1, modified: 0 } as const;
  assert.deepEqual(differenceValue({ change: 'added', path: Buffer.from('a/b'), live }), {
    ...{ path: '/a/b', change: 'added' },
    live: { kind: 'file', size: 1 },
  });
  for (const line of ['', '{}', '[]', '{"change":"other","path":""}', '{"change":"added"}'])
    assert.throws(() => readDifference(line), /cannot be read/, line);
});
