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
  { template: 'x'.repeat(20_001), message: 'it is longer than 20000 characters' },
];

suite('a template is refused', () => {
  for (const { template, message } of refused) {
    test(`${template.slice(0, 40)}: ${message}`, () => {
      assert.throws(() => parseTemplate(template), {
        kind: 'usage',
        message: `invalid JSONPath: ${message}`,
      });
    });
  }
});

const unfit: { template: string; message: string }[] = [
  { template: '{.items[3]}', message: 'array index out of bounds: index 3, length 3' },
  { template: '{.items[0:9]}', message: 'array index out of bounds: index 8, length 3' },
  { template: '{.items[2:1]}', message: 'starting index 2 is greater than ending index 1' },
  { template: '{.items[::-1]}', message: 'step must be > 0' },
  { template: '{.items[*].metadata[0]}', message: 'an object is not an array' },
  { template: '{.items[?(@.ready=="x")]}', message: 'incompatible types for comparison' },
  { template: '{.items[?(@.claims[*].name=="x")]}', message: 'can only compare one element at a time' },
];

suite('data is refused', () => {
  for (const { template, message } of unfit) {
    test(`by ${template}: ${message}`, () => {
      assert.throws(() => renderTemplate(parseTemplate(template), data), { message: `JSONPath: ${message}` });
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
});

test('columns are HEADER:PATH', () => {
  assert.deepEqual(
    parseColumns('NAME:.metadata.name,Size:size').map(({ header }) => header),
    ['NAME', 'Size'],
  );
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
      message: '--sort-by: no item has the field .nope',
    });
  });
});
