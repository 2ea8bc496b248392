import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildClaimTemplate, type ClaimWishes } from '#src/domain/restore/build-claim-template.ts';

const wishes: ClaimWishes = { name: 'data', accessModes: [], size: '1Gi', dataSource: 'snap' };
const spec = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'snap' },
};

test('the flags make a template, ReadWriteOnce unless they say otherwise', () => {
  const rows: [given: Partial<ClaimWishes>, spec: object][] = [
    [{}, spec],
    [{ storageClass: '' }, { ...spec, storageClassName: '' }],
    [
      { storageClass: 'fast', size: '500M' },
      { ...spec, storageClassName: 'fast', resources: { requests: { storage: '500M' } } },
    ],
    [
      { accessModes: ['ReadWriteMany', 'ReadOnlyMany'] },
      { ...spec, accessModes: ['ReadWriteMany', 'ReadOnlyMany'] },
    ],
  ];
  for (const [given, expected] of rows) {
    assert.deepEqual(buildClaimTemplate({ ...wishes, ...given }), {
      metadata: { name: 'data' },
      spec: expected,
    });
  }
});

test('a flag that is missing or wrong is told, with what to write', () => {
  const modes = 'ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod';
  const rows: [given: Partial<ClaimWishes>, message: string, hint: string][] = [
    [{ name: undefined }, 'there is no --claim.name', 'add --claim.name data-restored'],
    [{ name: '' }, 'there is no --claim.name', 'add --claim.name data-restored'],
    [{ dataSource: undefined }, 'there is no --claim.datasource', 'add --claim.datasource VOLUMESNAPSHOT'],
    [{ size: undefined }, 'there is no --claim.size', 'add --claim.size 1Gi'],
    ...['0', '-1Gi', 'big'].map(
      (size) =>
        [{ size }, `--claim.size takes a quantity such as 1Gi, not "${size}"`, 'kubectl stash list'] as [
          Partial<ClaimWishes>,
          string,
          string,
        ],
    ),
    [
      { accessModes: ['ReadWriteOnce', 'RWX'] },
      `--claim.access-modes takes ${modes}, not "RWX"`,
      'write it as it stands there',
    ],
  ];
  for (const [given, message, hint] of rows) {
    assert.throws(() => buildClaimTemplate({ ...wishes, ...given }), { kind: 'usage', message, hint });
  }
});
