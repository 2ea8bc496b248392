/** Every row of "What happens when" in `docs/operator.md` is tried by tests that run on a real node. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const operator = (name: string) => `test/e2e/operator/${name}.operator.ts`;
const [trouble, jobTrouble, sessions] = [operator('trouble'), operator('job-trouble'), operator('sessions')];
const around = 'test/cluster/operator-trouble.control-plane.ts';

/** File and, as it is written there, title. */
type Proof = readonly [file: string, title: string];

const proofs: Record<string, readonly Proof[]> = {
  'a pod of the Job fails, is evicted, deleted, or runs out of memory': [
    [jobTrouble, 'a pod fails: the next one carries the session out'],
    [jobTrouble, 'a pod is evicted once all is cut: the next one goes on'],
    [trouble, 'its pod is ${how} once all is cut: the next one goes on'],
    [trouble, 'its pod is ${how} while all is quiesced: it ends thawed'],
    [operator('interruption'), 'a snapshot whose pod is killed when it ${moment}'],
    [operator('interruption'), 'a restore whose pod is killed when it ${moment}'],
  ],
  'all pods of the Job failed, or a user deleted the Job': [
    [jobTrouble, "all pods ${how}: the session is Failed, and names the last one's words"],
    [jobTrouble, 'its Job is deleted while all is quiesced: it thaws, and is Failed'],
    [sessions, 'BackupDisrupted: its Job is deleted'],
  ],
  'the pod cannot be scheduled, or its image cannot be pulled': [
    [jobTrouble, 'a pod that no node takes is told of at once'],
    [around, 'an image that cannot be pulled is told of at once, and the session is Failed at its deadline'],
  ],
  'the operator cannot create the Job: quota, webhook, permission': [
    [jobTrouble, 'a quota keeps the Job out: it is tried again, and runs when there is room'],
    [jobTrouble, 'a webhook that does not answer keeps the Job out: it is tried again until the deadline'],
    [jobTrouble, 'a Job that the server calls invalid is Failed at once'],
    [around, 'a right is missing: the Job is tried again, and made once it is there'],
  ],
  'a node is lost': [
    [around, 'the node of a Job is lost while an application is quiesced: the operator thaws it in time'],
  ],
  'the API server does not answer': [
    [around, 'the API server is away while an application is quiesced: it is thawed, and the session ends'],
    [
      'test/cluster/disturbances.control-plane.ts',
      'the API server is away for longer than a holder may be silent',
    ],
  ],
  'the operator dies': [
    [
      operator('leader'),
      'its leader is killed: the other takes over within 20 s, and what runs comes to its end',
    ],
    [around, 'the operator that carries sessions out itself dies: the next leader goes on'],
  ],
  'the deadline passes': [
    [jobTrouble, 'the deadline passes: its pod thaws, and ends it Failed'],
    [sessions, 'DeadlineExceeded: a driver that never comes to an end'],
  ],
  'the configuration is deleted while a session runs': [
    [trouble, 'its configuration is deleted: it thaws, ends, and the snapshot stays'],
  ],
};

const markdown = await readFile(join(root, 'docs/operator.md'), 'utf8');

test('every row has its tests', () => {
  const [, section = ''] = markdown.split('\n## What happens when\n');
  const [, , ...rows] =
    section
      .split('\n## ')[0]
      ?.split('\n')
      .filter((line) => line.startsWith('|')) ?? [];
  assert.deepEqual(
    rows.map((row) => row.split('|')[1]?.trim()),
    Object.keys(proofs),
  );
});

test('every one of them is there', async () => {
  for (const [file, title] of Object.values(proofs).flat()) {
    const text = await readFile(join(root, file), 'utf8');
    assert(
      ["'", '`', '"'].some((quote) => text.includes(`${quote}${title}${quote}`)),
      `${file}: ${title}`,
    );
  }
});
