import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { parseLabelQuery } from '#src/domain/workload/label-query.ts';
import { isStashError } from '#src/errors.ts';

const labels = { app: 'web', 'example.com/tier': 'front', number: '5', empty: '' };

const rows: [query: string, matches: boolean][] = [
  ['', true],
  ['  ', true],
  ['app=web', true],
  ['app==web', true],
  ['app=db', false],
  ['app!=web', false],
  ['app!=db', true],
  ['none!=db', true],
  ['app', true],
  ['none', false],
  ['!app', false],
  ['!none', true],
  ['empty=', true],
  ['none=', false],
  ['app in (db,web)', true],
  ['app in (db)', false],
  ['app notin (db, web)', false],
  ['none notin (db)', true],
  ['none in ()', false],
  ['number>4', true],
  ['number>5', false],
  ['number<6', true],
  ['number<5', false],
  ['none<6', false],
  [`app=${' '.repeat(9_993)}web`, true],
  ['app=web, example.com/tier=front', true],
  ['app=web,example.com/tier!=front', false],
  ['constructor', false],
];
for (const [query, expected] of rows) {
  test(`-l "${query.slice(0, 40)}" ${expected ? 'matches' : 'does not match'}`, () => {
    assert.equal(parseLabelQuery(query)(labels), expected);
  });
}

for (const query of [
  'a=b=c',
  ',',
  'a,',
  'a in b',
  'in (a)b',
  '=x',
  '!',
  'a>b',
  'a in (b',
  '-a',
  'x'.repeat(10_001),
]) {
  test(`-l "${query.slice(0, 20)}" is refused`, () => {
    assert.throws(() => parseLabelQuery(query), {
      kind: 'usage',
      message: `--selector: "${query}" is not a label selector`,
      hint: "write it as for kubectl: app=web,tier!=cache, 'env in (prod,test)'",
    });
  });
}

test('any text is a query or a usage error', () => {
  const piece = fc.constantFrom(
    'a',
    'b/c',
    '=',
    '==',
    '!=',
    '!',
    ',',
    ' in ',
    ' notin ',
    '(',
    ')',
    '<',
    '>',
    '1',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        assert.equal(typeof parseLabelQuery(pieces.join(''))(labels), 'boolean');
      } catch (error) {
        assert.ok(isStashError(error, 'usage'));
      }
    }),
  );
});
