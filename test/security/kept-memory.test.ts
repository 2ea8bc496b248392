/** What the operator's caches keep of an object does not hold the rest of it in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { annotation } from '#src/api/labels.ts';
import { keepBackupSession, keepRestoreSession } from '#src/domain/operator/kept-object.ts';
import { backupSession, restoreSession } from '#test/domain/objects.ts';

const characters = 1_000_000;
const objects = 30;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap that the results of `make` need. */
function heldBy(make: (index: number) => unknown): number {
  const used = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  const kept = Array.from({ length: objects }, (_, index) => make(index));
  const held = used() - before;
  assert.equal(kept.length, objects);
  return held;
}

/** The object as a client parses it from a page of a list. */
function received<T>(object: T): T {
  return JSON.parse(JSON.stringify(object)) as T;
}

const long = (index: number) => String(index).padEnd(characters, 'x');
const annotations = (index: number) => ({ [annotation.executor]: long(index) });

const rows: [what: string, make: (index: number) => unknown][] = [
  [
    'a BackupSession with a long holder',
    (index) => {
      const session = backupSession();
      return keepBackupSession(
        received({ ...session, metadata: { ...session.metadata, annotations: annotations(index) } }),
      );
    },
  ],
  [
    'a RestoreSession with a long holder',
    (index) => {
      const session = restoreSession();
      return keepRestoreSession(
        received({ ...session, metadata: { ...session.metadata, annotations: annotations(index) } }),
      );
    },
  ],
  [
    'a BackupSession with a long invoker',
    (index) => {
      const session = backupSession();
      const invoker = { kind: 'BackupConfiguration' as const, name: long(index) };
      return keepBackupSession(received({ ...session, spec: { invoker } }));
    },
  ],
  ...(
    [
      ['a foreign volume', (text: string) => ({ volumeName: text })],
      ['a data source of an unknown kind', (text: string) => ({ dataSource: { kind: text, name: 'a' } })],
      [
        'an unknown variable',
        (text: string) => ({ dataSource: { kind: 'VolumeSnapshot', name: `\${${text}}` } }),
      ],
    ] as const
  ).map(([what, spec]): (typeof rows)[number] => [
    `a RestoreSession with ${what}`,
    (index) => {
      const template = { metadata: { name: 'data' }, spec: spec(long(index)) };
      const target = { volumeClaimTemplates: [template] };
      return keepRestoreSession(
        received({ ...restoreSession(), spec: { driver: 'VolumeSnapshotter', target } }) as never,
      );
    },
  ]),
];
for (const [what, make] of rows) {
  test(`${what} is kept without what is too long`, () => {
    const held = heldBy(make);
    assert.ok(held < (objects * characters) / 10, `${held} bytes`);
  });
}
