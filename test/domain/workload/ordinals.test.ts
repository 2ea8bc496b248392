import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { hasOrdinal, withOrdinal } from '#src/domain/workload/ordinals.ts';

const variable = '${POD_ORDINAL}';
const plain: VolumeClaimTemplate = {
  metadata: { name: 'data', labels: { app: 'web' }, annotations: { kept: variable } },
  spec: { storageClassName: variable, dataSource: { kind: 'VolumeSnapshot', name: 'snap' } },
};
const named = (name: string): VolumeClaimTemplate => ({ ...plain, metadata: { ...plain.metadata, name } });
const labelled = (labels: Record<string, string>): VolumeClaimTemplate => ({
  ...plain,
  metadata: { ...plain.metadata, labels },
});
const from = (name: string): VolumeClaimTemplate => ({
  ...plain,
  spec: { ...plain.spec, dataSource: { kind: 'VolumeSnapshot', name } },
});

test('the ordinal is replaced in the name, the values of labels and the name of the snapshot', () => {
  for (const field of [
    named,
    (text: string) => labelled({ app: 'web', ordinal: text, [variable]: 'x' }),
    from,
  ]) {
    assert.equal(hasOrdinal(field(`a-${variable}-${variable}`)), true);
    assert.deepEqual(withOrdinal(field(`a-${variable}-${variable}`), 12), field('a-12-12'));
  }
  assert.equal(hasOrdinal(labelled({ a: variable, b: 'x' })), true);
});

test('no other field is read, and an absent one stays absent', () => {
  for (const template of [plain, { metadata: {}, spec: {} }, named('$POD_ORDINAL-{}-${')]) {
    assert.equal(hasOrdinal(template), false);
    assert.deepEqual(withOrdinal(template, 0), template);
  }
});

test('another variable is refused with its field', () => {
  const long = 'x'.repeat(200);
  const cut = 'x'.repeat(100);
  const rows: [VolumeClaimTemplate, string][] = [
    [named('data-${ORDINAL}'), '${ORDINAL} in metadata.name "data-${ORDINAL}"'],
    [named('${}'), '${} in metadata.name "${}"'],
    [labelled({ app: '${NAME}' }), '${NAME} in metadata.labels.app "${NAME}"'],
    [labelled({ [long]: '${NAME}' }), '${NAME} in metadata.labels.' + cut + '… "${NAME}"'],
    [from(`${variable}-\${CLAIM}`), '${CLAIM} in dataSource.name "${POD_ORDINAL}-${CLAIM}"'],
  ];
  for (const [template, which] of rows) {
    assert.throws(() => withOrdinal(template, 0), {
      kind: 'invalid',
      message: `unknown variable ${which}`,
      hint: 'write the value itself, or ${POD_ORDINAL}, the only variable there is',
    });
  }
});

test('a text that no name and no label can have is refused unread', () => {
  const longest = 'x'.repeat(1_000);
  assert.deepEqual(withOrdinal(named(longest), 0), named(longest));
  assert.throws(() => withOrdinal(named(`${longest}y`), 0), {
    kind: 'invalid',
    message: 'metadata.name is longer than 1000 characters',
  });
});
