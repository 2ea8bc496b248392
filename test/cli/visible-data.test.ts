import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { load } from 'js-yaml';

import { toJson, toYaml } from '#src/cli/visible-data.ts';

test('JSON and YAML of any data read as the same data, and hold no character that a terminal obeys or hides', async () => {
  const character = fc.oneof(
    fc.constantFrom(
      '\u001b',
      '\u009b',
      '\u007f',
      '\u202e',
      '\u2066',
      '\u200b',
      '\u00ad',
      '\u{e0001}',
      '\n',
      ' ',
    ),
    fc.constantFrom('a', '-', ':', '#', '"', "'", '\\', '{', 'escaped', '0-', '🎉'),
  );
  const word = fc.array(character, { maxLength: 8 }).map((parts) => parts.join(''));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      word,
      fc.dictionary(word, tie('tree'), { noNullPrototype: true }),
      fc.array(tie('tree')),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(tree, async (data) => {
      const [json, yaml] = [toJson(data), await toYaml(data)];
      // js-yaml reads JSON, too. JSON.parse of V8 14.6 returns wrong keys for some that begin with an escape sequence.
      for (const text of [json, yaml]) {
        assert.deepEqual(load(text), data);
        assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }
    }),
  );
});
