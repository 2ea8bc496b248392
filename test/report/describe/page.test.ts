import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { events, volumeSnapshotClasses } from '#src/api/resources.ts';
import { momentsOf } from '#src/report/describe/moments.ts';
import { renderPage, unknown, whereKnown } from '#src/report/describe/page.ts';

test('labels of one level have one column; sections and tables are indented', () => {
  const page = renderPage([
    { label: 'Name', value: 'web' },
    { label: 'Deletes', value: ['a', 'b'] },
    {
      label: 'Session',
      items: [
        { label: 'Phase', value: 'Failed' },
        { label: 'Rows', table: 'A   B\n1   2\n' },
      ],
    },
    { label: 'Empty', items: [] },
    { label: 'Table', table: '' },
    { label: 'Nothing', value: [] },
  ]);
  assert.equal(
    page,
    [
      'Name:     web',
      'Deletes:  a',
      '          b',
      'Session:',
      '  Phase:  Failed',
      '  Rows:',
      '    A   B',
      '    1   2',
      'Empty:    <none>',
      'Table:    <none>',
      'Nothing:  <none>',
      '',
    ].join('\n'),
  );
});

test('words of a cluster add no line and move no cursor', () => {
  const texts = fc.oneof(fc.string(), fc.constantFrom('a\nb', '\u001b[2J', '\u202e', '\r'));
  fc.assert(
    fc.property(texts, texts, (label, value) => {
      const page = renderPage([{ label, value }]);
      assert.equal(page.match(/\n/g)?.length, 1);
      assert.doesNotMatch(page.trimEnd(), /[\p{Cc}\p{Cf}]/u);
    }),
  );
});

test('what may not be read is named', () => {
  const lacking = { lacks: { verb: 'list', resource: events }, namespace: 'demo' } as const;
  assert.equal(unknown(lacking), 'unknown: needs list events in namespace demo');
  assert.equal(
    unknown({ lacks: { verb: 'list', resource: volumeSnapshotClasses } }),
    'unknown: needs list volumesnapshotclasses.snapshot.storage.k8s.io',
  );
  assert.deepEqual(
    whereKnown('Events', lacking, () => []),
    [{ label: 'Events', value: 'unknown: needs list events in namespace demo' }],
  );
});

test('a time that is none is shown as unknown', () => {
  const moments = momentsOf(new Date('2026-03-14T03:05:00Z'), 'utc');
  assert.equal(moments.ago('2026-03-14T03:00:00Z'), '2026-03-14T03:00:00Z (5m ago)');
  assert.equal(moments.age(Date.parse('2026-03-14T03:00:00Z')), '5m');
  for (const time of [undefined, 'soon', NaN]) {
    assert.equal(moments.at(time), '<unknown>');
    assert.equal(moments.ago(time), '<unknown>');
    assert.equal(moments.age(time), '<unknown>');
  }
});
