import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { sanitize } from '#src/domain/sanitize.ts';

test('removes terminal escape sequences and keeps readable text', () => {
  const rows: [string, string][] = [
    ['größe 数据 🎉', 'größe 数据 🎉'],
    ['\u001b[31;1mred\u001b[0m', 'red'],
    ['\u009b2Jgone', 'gone'],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001bPq#0\u001b\\after', 'after'],
    ['\u001b]0;never ended', '0;never ended'],
    ['\u001bcreset', 'reset'],
    ['a\u0000b\u0008c\u007fd', 'abcd'],
    ['one\r\ntwo\tthree\u2028four', 'one two three four'],
    ['gpj.\u202Eexe\u2066', 'gpj.exe'],
    ['da\u200Bta\uFEFF', 'data'],
    ['half \uD800', 'half '],
  ];
  for (const [text, clean] of rows) assert.equal(sanitize(text), clean, JSON.stringify(text));
});

test('cuts the middle of a long word, and the end of a long text', () => {
  const word = 'x'.repeat(1_024);
  assert.equal(sanitize(`a ${word},b`), `a ${word},b`);
  assert.equal(sanitize(`a ${word}y,b`), `a ${'x'.repeat(512)}…${'x'.repeat(510)}y,b`);
  const text = 'ab '.repeat(10_000);
  assert.equal(sanitize(text), text);
  assert.equal(sanitize(`${text}c`), `${text.slice(0, -1)}…`);
});

test('keeps clean text unchanged, and makes any text clean', () => {
  const piece = fc.constantFrom(
    '\u001b',
    '[',
    ']',
    '31m',
    '\u0007',
    '\\',
    '\u009d',
    '\u009c',
    '\n',
    '\u200d',
    'x',
  );
  const anything = fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)) });
  const text = fc.oneof(
    fc.array(piece).map((pieces) => pieces.join('')),
    anything,
  );
  fc.assert(
    fc.property(text, (dirty) => {
      const clean = sanitize(dirty);
      assert.doesNotMatch(clean, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      assert.equal(sanitize(clean), clean);
    }),
  );
});
