import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { parseColumns } from '#src/domain/json-path/custom-columns.ts';
import { parsePath, parseTemplate } from '#src/domain/json-path/parse.ts';
import { renderCell, renderTemplate } from '#src/domain/json-path/render.ts';
import { sortBy } from '#src/domain/json-path/sort.ts';
import { isStashError } from '#src/errors.ts';

const data = {
  items: [
    {
      metadata: { name: 'a-1', labels: { 'app.kubernetes.io/name': 'shop', tier: 'web' } },
      ready: true,
      bytes: 1024,
      size: '1Gi',
      claims: [{ name: 'data' }, { name: 'logs' }, { name: 'tmp' }, { name: 'www' }],
      gone: null,
    },
    { metadata: { name: 'a-10' }, ready: false, bytes: 5, size: '512Mi', claims: [{ name: 'db' }] },
    { metadata: { name: 'a-2' }, claims: [] },
  ],
};
const first = data.items[0];

const rendered: { template: string; of?: unknown; text: string }[] = [
  { template: 'plain text', text: 'plain text' },
  { template: '{.items[*].metadata.name}', text: 'a-1 a-10 a-2' },
  { template: '{$.items[*].metadata.name}', text: 'a-1 a-10 a-2' },
  { template: '{@.items[0].metadata.name}', text: 'a-1' },
  { template: '{.items[-1].metadata.name}', text: 'a-2' },
  { template: '{.items[0:2].metadata.name}', text: 'a-1 a-10' },
  { template: '{.items[1:].metadata.name}', text: 'a-10 a-2' },
  { template: '{.items[:-1].metadata.name}', text: 'a-1 a-10' },
  { template: '{.items[::2].metadata.name}', text: 'a-1 a-2' },
  { template: '{.claims[-3:-1].name}', of: first, text: 'logs tmp' },
  { template: '{.claims[2:2].name}', of: first, text: '' },
  { template: '{.claims[0,2].name}', of: first, text: 'data tmp' },
  { template: "{.metadata['name','labels']}", of: data.items[1], text: 'a-10' },
  { template: '{.metadata.labels.app\\.kubernetes\\.io/name}', of: first, text: 'shop' },
  { template: "{.metadata.labels['app\\.kubernetes\\.io/name']}", of: first, text: 'shop' },
  { template: "{.metadata['name']}", of: first, text: 'a-1' },
  { template: '{.items[?(@.ready==true)].metadata.name}', text: 'a-1' },
  { template: '{.items[?(@.bytes>5)].metadata.name}', text: 'a-1' },
  { template: '{.items[?(@.bytes<=5)].metadata.name}', text: 'a-10' },
  { template: '{.items[?(@.size)].metadata.name}', text: 'a-1 a-10' },
  { template: '{.items[?(@.size!="1Gi")].metadata.name}', text: 'a-10' },
  { template: '{.claims[?(@.name>="tmp")].name}', of: first, text: 'tmp www' },
  { template: '{.claims[?(@.name<"logs")].name}', of: first, text: 'data' },
  { template: '{..name}', of: { claims: data.items[1]?.claims }, text: 'db' },
  { template: '{.metadata.*}', of: data.items[1], text: 'a-10' },
  {
    template: '{range .items[*]}{.metadata.name}{"\\t"}{.size}{"\\n"}{end}',
    text: 'a-1\t1Gi\na-10\t512Mi\na-2\t\n',
  },
  {
    template: '{range .items[:2]}{.metadata.name}:{range .claims[*]} {.name}{end};{end}',
    text: 'a-1: data logs tmp www;a-10: db;',
  },
  { template: '{range .none[*]}x{end}after', text: 'after' },
  { template: '{.metadata.labels}', of: first, text: '{"app.kubernetes.io/name":"shop","tier":"web"}' },
  { template: '{.ready} {.bytes} {.gone}', of: first, text: 'true 1024 null' },
  { template: '{.none.of.these}', text: '' },
  { template: '{.constructor}{.__proto__}{.items.length}', text: '' },
  { template: '{"\\"\\x41\\u00e9\\101"}', text: '"AéA' },
  { template: '{"}"}', text: '}' },
  { template: '{.a}', of: { a: 'red\u001b[31m\nnext' }, text: 'red[31m\nnext' },
  { template: '{.items[*] "x"} {.items[*] 5}', text: 'x 5 5 5' },
  { template: '{"x".a}', text: '' },
  { template: '{\'a"b\'}{"it\'s"}', text: 'a"bit\'s' },
  { template: '{5} {-5} {+5} {10.25} {12.} {-.55}', text: '5 -5 5 10.25 12 -0.55' },
  { template: '{true} {FALSE}', text: 'true false' },
  { template: '{"\\U0010ffff"}', text: '\u{10ffff}' },
  { template: '{.gone[0]}{.gone[*]}{.gone.*}', of: first, text: '' },
  { template: '{.a}', of: { a: undefined }, text: '' },
  { template: '{.*}', of: { b: 1, a: 2 }, text: '2 1' },
  { template: '{..}', of: { a: 'x', b: '', c: {}, d: 5 }, text: '{"a":"x","b":"","c":{},"d":5} x' },
  { template: '{.a}', of: { a: { d: 1, c: { f: [2], e: 3 } } }, text: '{"c":{"e":3,"f":[2]},"d":1}' },
  { template: '{.claims[5:5]}{.claims[0:0]}', of: first, text: '' },
  { template: '{.claims[0, 2].name}', of: first, text: 'data tmp' },
  { template: '{.claims[::12].name}', of: first, text: 'data' },
  { template: '{.claims[?(@.name>"tmp")].name}', of: first, text: 'www' },
  { template: "{.claims[?(@.name=='tmp')].name}", of: first, text: 'tmp' },
  { template: '{.claims[?(@.name==")")].name}', of: first, text: '' },
  { template: '{.items[?(@.ready==false)].metadata.name}', text: 'a-10' },
  { template: '{.items[?(@.size==@.none)]}', text: '' },
  { template: '{.a}', of: { a: { b: '<\u202e>' } }, text: '{"b":"\\u003c\\u202e\\u003e"}' },
];

suite('a template prints', () => {
  for (const { template, of = data, text } of rendered) {
    test(`${template} as ${JSON.stringify(text)}`, () => {
      assert.equal(renderTemplate(parseTemplate(template), of), text);
    });
  }
});

const refused: { template: string; message: string }[] = [
  { template: '{.a', message: 'unclosed action' },
  { template: '{.a[}', message: 'unterminated array' },
  { template: '{.a[x]}', message: 'invalid array index x' },
  { template: '{.a[?(@.b}', message: 'unterminated filter' },
  { template: '{.a[?(@.b=1)]}', message: 'unrecognized filter operator =' },
  { template: '{.a[?(@.b==1 && @.c==2)]}', message: 'unrecognized character in action: &' },
  { template: '{"a}', message: 'unterminated quoted string' },
  { template: '{"\\q"}', message: 'cannot read the escapes in "\\q"' },
  { template: '{....a}', message: 'invalid multiple recursive descent' },
  { template: '{range .a}', message: '{range} without {end}' },
  { template: '{end}', message: 'not in range, nothing to end' },
  { template: '{upper .a}', message: 'unrecognized identifier upper' },
  { template: '{1.2.3}', message: 'cannot parse number 1.2.3' },
  { template: "{.a['b}c']}", message: 'unexpected } in .b}c' },
  { template: '{.a\n}', message: 'unclosed action' },
  { template: '{.a\r}', message: 'unclosed action' },
  { template: "{.a[x'b']}", message: "invalid array index x'b'" },
  { template: "{.a['b'x]}", message: "invalid array index 'b'x" },
  { template: '{.a[99999999999999999999]}', message: 'array index 99999999999999999999 is not a number' },
  { template: '{.a[?(@.b)}', message: 'unclosed array expect ]' },
  { template: '{"\\U00110000"}', message: 'cannot read the escapes in "\\U00110000"' },
  { template: 'x'.repeat(20_001), message: 'it is longer than 20000 characters' },
];

suite('a template is refused', () => {
  for (const { template, message } of refused) {
    test(`${template.slice(0, 40)}: ${message}`, () => {
      assert.throws(() => parseTemplate(template), {
        kind: 'usage',
        message: `invalid JSONPath: ${message}`,
        hint: 'write it as for kubectl: \'{range .items[*]}{.metadata.name}{"\\n"}{end}\'',
      });
    });
  }
});

test('a template is read as texts, paths and ranges', () => {
  const path = (name: string) => [{ kind: 'field', name }];
  assert.deepEqual(parseTemplate(''), []);
  assert.deepEqual(parseTemplate('x'.repeat(20_000)), [{ kind: 'text', text: 'x'.repeat(20_000) }]);
  assert.deepEqual(parseTemplate('{.a}{"b"}{range .c}{end}{5}'), [
    { kind: 'path', path: path('a') },
    { kind: 'text', text: 'b' },
    { kind: 'range', over: path('c'), body: [] },
    { kind: 'path', path: [{ kind: 'constant', value: 5 }] },
  ]);
  assert.throws(() => parsePath('{'), {
    kind: 'usage',
    message: 'invalid JSONPath: "{" is not a path such as .metadata.name',
  });
});

const unfit: { template: string; message: string }[] = [
  { template: '{.items[3]}', message: 'array index out of bounds: index 3, length 3' },
  { template: '{.items[0:9]}', message: 'array index out of bounds: index 8, length 3' },
  { template: '{.items[2:1]}', message: 'starting index 2 is greater than ending index 1' },
  { template: '{.items[-4]}', message: 'array index out of bounds: index -1, length 3' },
  { template: '{.items[5:]}', message: 'array index out of bounds: index 5, length 3' },
  { template: '{.items[3:2]}', message: 'array index out of bounds: index 3, length 3' },
  { template: '{.items[0:-5]}', message: 'array index out of bounds: index -3, length 3' },
  { template: '{.items[2:0]}', message: 'starting index 2 is greater than ending index 0' },
  { template: '{.items[::0]}', message: 'step must be > 0' },
  {
    template: '{.items[?(@.metadata.name==@.claims[*].name)]}',
    message: 'can only compare one element at a time',
  },
  { template: '{.items[?(@.metadata==@.metadata)]}', message: 'invalid type for comparison' },
  { template: '{.items[?(@.gone==@.gone)]}', message: 'invalid type for comparison' },
  { template: '{.items[?(@.ready>true)]}', message: 'invalid type for comparison' },
  { template: '{.items[::-1]}', message: 'step must be > 0' },
  { template: '{.items[*].metadata[0]}', message: 'an object is not an array' },
  { template: '{.items[?(@.ready=="x")]}', message: 'incompatible types for comparison' },
  { template: '{.items[?(@.claims[*].name=="x")]}', message: 'can only compare one element at a time' },
];

suite('data is refused', () => {
  for (const { template, message } of unfit) {
    test(`by ${template}: ${message}`, () => {
      assert.throws(() => renderTemplate(parseTemplate(template), data), {
        kind: 'usage',
        message: `JSONPath: ${message}`,
      });
    });
  }
});

test('a search that would find more values than memory holds ends with an error', () => {
  let deep: unknown = 'x';
  for (let depth = 0; depth < 300; depth += 1) deep = { a: deep };
  assert.throws(() => renderTemplate(parseTemplate('{..a..a..a}'), deep), /more than 1000000 values/);
});

test('a template from any characters is read or refused, and prints or is refused', () => {
  const piece = fc.constantFrom(
    ...Array.from('{}[]()?@$.*:,-09a "\'\\<=!&|\n'),
    '..',
    '[?(',
    'range ',
    'end',
    '.items',
    '[*]',
    '\\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        assert.equal(typeof renderTemplate(parseTemplate(pieces.join('')), data), 'string');
      } catch (error) {
        assert.ok(isStashError(error, 'usage'), String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('each key of any object is found by its escaped name', () => {
  const key = fc.string({ minLength: 1 }).filter((text) => text !== '*');
  fc.assert(
    fc.property(fc.dictionary(key, fc.integer(), { minKeys: 1 }), (object) => {
      for (const [name, value] of Object.entries(object)) {
        const escaped = name.replaceAll('\\', '').replace(/[^]/g, (char) => `\\${char}`);
        if (name.includes('\\')) continue;
        assert.equal(renderTemplate(parseTemplate(`{.${escaped}}`), object), String(value));
      }
    }),
  );
});

const cells: { path: string; cell: string }[] = [
  { path: '.metadata.name', cell: 'a-1' },
  { path: 'metadata.name', cell: 'a-1' },
  { path: '{.metadata.name}', cell: 'a-1' },
  { path: '.claims[*].name', cell: 'data,logs,tmp,www' },
  { path: '.none', cell: '<none>' },
  { path: '.gone', cell: '<nil>' },
  { path: '.metadata.labels', cell: 'map[app.kubernetes.io/name:shop tier:web]' },
  { path: '.claims', cell: '[map[name:data] map[name:logs] map[name:tmp] map[name:www]]' },
];

suite('a column prints', () => {
  for (const { path, cell } of cells) {
    test(`${path} as ${cell}`, () => {
      assert.equal(renderCell(parsePath(path), first), cell);
    });
  }
  test('an object with its keys in order, without those that have no value', () => {
    const of = { a: { z: 1, none: undefined, b: { d: true, c: 'x' } } };
    assert.equal(renderCell(parsePath('.a'), of), 'map[b:map[c:x d:true] z:1]');
  });
});

test('columns are HEADER:PATH', () => {
  assert.deepEqual(
    parseColumns('NAME:.metadata.name,Size:size').map(({ header }) => header),
    ['NAME', 'Size'],
  );
  assert.equal(parseColumns(':.a')[0]?.header, '');
  assert.throws(() => parseColumns('A:.a,B'), {
    message: 'custom-columns: "B" is not HEADER:PATH',
    hint: 'write it as for kubectl: custom-columns=NAME:.metadata.name,PHASE:.phase',
  });
  for (const spec of ['', 'NAME', 'A:.a,B', 'A:', 'A:{.a}{.b}'])
    assert.throws(() => parseColumns(spec), { kind: 'usage' });
});

const sorted: { path: string; names: string[] }[] = [
  { path: '.metadata.name', names: ['a-1', 'a-2', 'a-10'] },
  { path: '.size', names: ['a-2', 'a-10', 'a-1'] },
  { path: '.bytes', names: ['a-2', 'a-10', 'a-1'] },
];

suite('items are sorted', () => {
  for (const { path, names } of sorted) {
    test(`by ${path}: ${names.join(', ')}`, () => {
      const items = sortBy(data.items, parsePath(path), path, (item) => item);
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        names,
      );
    });
  }
  test('not by a field that none has', () => {
    assert.throws(() => sortBy(data.items, parsePath('.nope'), '.nope', (item) => item), {
      kind: 'usage',
      hint: 'write a field that -o json prints, such as .metadata.name',
      message: '--sort-by: no item has the field .nope',
    });
  });
  test('where there are none', () => {
    assert.deepEqual(
      sortBy([], parsePath('.nope'), '.nope', (item) => item),
      [],
    );
  });
});

suite('values are sorted, whatever their order', () => {
  const rows: [string, unknown[]][] = [
    ['numbers by size', [-1, 9, 10.5, 100]],
    ['false before true', [false, true]],
    ['objects without a value before empty texts', [undefined, '']],
    ['quantities before words', ['5', 'b']],
    ['numbers before words', [5, 'b']],
    ['quantities by size', ['1', '1k', '1Mi', '1Gi']],
    ['a text before a longer one', ['a', 'a1', 'a1b', 'a1b2']],
    ['texts by their letters before their length', ['aa1', 'b1']],
    ['numbers in texts by size', ['s-09', 's-10', 's-100']],
    ['lists as they are printed', [['a'], ['b']]],
  ];
  for (const [what, values] of rows) {
    test(what, () => {
      const sort = (given: unknown[]) => sortBy(given, parsePath('.v'), '.v', (v) => ({ v }));
      assert.deepEqual(sort(values), values);
      assert.deepEqual(sort(values.toReversed()), values);
    });
  }
});

test('items of equal value, and those without a value, keep their order', () => {
  const items = [{ id: 1 }, { id: 2 }, { id: 3, v: 'x' }, { id: 4, v: 'x' }];
  const sorted = sortBy(items, parsePath('.v'), '.v', (item) => item);
  assert.deepEqual(sorted, items);
});
