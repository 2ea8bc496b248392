/** Tests on a real node cover every row of "What happens when" in `docs/operator.md`. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const operator = (name: string) => `test/e2e/operator/${name}.operator.ts`;
const [trouble, jobTrouble, sessions] = [operator('trouble'), operator('job-trouble'), operator('sessions')];
const around = 'test/cluster/operator-trouble.control-plane.ts';

/** File, and the title as it is written there. */
type Proof = readonly [file: string, title: string];

const proofs: Record<string, readonly Proof[]> = {
  'a pod of the Job fails, is evicted, deleted, or runs out of memory': [
    [jobTrouble, 'a pod fails: the next one carries out the session'],
    [jobTrouble, 'a pod is evicted after all snapshots are cut: the next one continues'],
    [trouble, 'its pod is ${how} after all snapshots are cut: the next one continues'],
    [trouble, 'its pod is ${how} while the application is quiesced: the session ends with it thawed'],
    [operator('interruption'), 'a snapshot whose pod is killed when it ${moment}'],
    [operator('interruption'), 'a restore whose pod is killed when it ${moment}'],
  ],
  'all pods of the Job failed, or a user deleted the Job': [
    [jobTrouble, 'all pods ${how}: the session fails and quotes the last one'],
    [jobTrouble, 'its Job is deleted while the application is quiesced: it is thawed, and the session fails'],
    [sessions, 'BackupDisrupted: its Job is deleted'],
  ],
  'the pod cannot be scheduled, or its image cannot be pulled': [
    [jobTrouble, 'a pod that cannot be scheduled is reported at once'],
    [around, 'an image that cannot be pulled is reported at once, and the session fails at its deadline'],
  ],
  'the operator cannot create the Job: quota, webhook, permission': [
    [jobTrouble, 'a quota prevents the Job: its creation is retried, and succeeds when the quota allows it'],
    [
      jobTrouble,
      'a webhook that does not answer prevents the Job: its creation is retried until the deadline',
    ],
    [jobTrouble, 'an invalid Job fails the session at once'],
    [around, 'a right is missing: creating the Job is retried until the right is granted'],
  ],
  'a node is lost': [
    [around, 'the node of a Job is lost while an application is quiesced: the operator thaws it in time'],
  ],
  'the API server does not answer': [
    [
      around,
      'the API server is down while an application is quiesced: the application is thawed, and the session ends',
    ],
    [
      'test/cluster/disturbances.control-plane.ts',
      'the API server is down for longer than a holder may go without a renewal',
    ],
  ],
  'the operator dies': [
    [
      operator('leader'),
      'the leader is killed: the other replica takes over within 20 s, and running sessions finish',
    ],
    [around, 'an operator with in-process sessions dies: the next leader continues them'],
  ],
  'the deadline passes': [
    [jobTrouble, 'the deadline passes: the pod thaws the application, and the session fails'],
    [sessions, 'DeadlineExceeded: a driver that never finishes'],
  ],
  'the configuration is deleted while a session runs': [
    [
      trouble,
      'its configuration is deleted: the application is thawed, the session ends, and the snapshot stays',
    ],
  ],
};

const markdown = await readFile(join(root, 'docs/operator.md'), 'utf8');

test('every row has tests', () => {
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

test('every one of these tests exists', async () => {
  for (const [file, title] of Object.values(proofs).flat()) {
    const text = await readFile(join(root, file), 'utf8');
    assert(
      ["'", '`', '"'].some((quote) => text.includes(`${quote}${title}${quote}`)),
      `${file}: ${title}`,
    );
  }
});
