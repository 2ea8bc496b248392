import assert from 'node:assert/strict';
import { test } from 'node:test';

import { missingImages, missingLine, readGuide } from './guide.ts';

test('a guide consists of commands and their output', () => {
  const markdown =
    "# Title\n\n```console\n$ one\nout\n$ cat <<'X' | two\n$ not a command\nX\nfirst\n```\n\n```yaml\n$ no\n```\n";
  assert.deepEqual(readGuide(markdown), [
    { command: 'one', expected: ['out'] },
    { command: "cat <<'X' | two\n$ not a command\nX", expected: ['first'] },
  ]);
});

test('output must contain the expected lines in order', () => {
  assert.equal(missingLine(['a', 'c…'], 'a\nb\ncde\n'), undefined);
  assert.equal(missingLine(['…'], ''), undefined);
  assert.equal(missingLine(['c', 'a'], 'a\nb\nc\n'), 'a');
  assert.equal(missingLine(['sample_data'], 'garbage\n'), 'sample_data');
});

test('the images of the pods in a guide', () => {
  const markdown =
    '      - image: busybox\n        image: postgres:15\n image: registry:5000/a/b\nthe image: text here';
  const all = [
    'docker.io/library/busybox:latest',
    'docker.io/library/postgres:15',
    'registry:5000/a/b:latest',
  ];
  assert.deepEqual(missingImages(markdown, all), []);
  assert.deepEqual(missingImages(markdown, ['busybox', 'postgres', 'a/b']), [
    'postgres:15',
    'registry:5000/a/b',
  ]);
});
