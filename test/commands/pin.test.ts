/** `pin`, `unpin`, and `snapshot` with `--pin` and `--keep-until`. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import { matchGolden } from '#test/support/golden.ts';

import { checkAdvice } from './advice.ts';
import { claim, deployment, namespace } from './objects.ts';
import { withoutRight } from './rights.ts';
import { settled } from './settled.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const demo = 'demo';
const local = '--executor=local';
const start = 1_773_457_200;
let world: World;
let second = 0;

before(async () => {
  world = await startWorld();
  await world.create(
    namespace(demo),
    claim(demo, 'data'),
    claim(demo, 'logs'),
    deployment(demo, 'web', ['data', 'logs'], { replicas: 0 }),
  );
  await world.bound(demo, 'data', 'logs');
});

after(() => world[Symbol.asyncDispose]());

/** Resolves with the session's name. */
async function snapshot(flags = ''): Promise<string> {
  world.standAt((second += 60));
  const { code, err } = await world.run(`snapshot deploy/web ${local}${flags}`);
  assert.equal(code, 0, err);
  return `deploy-web-${start + second}`;
}

async function marksOf(session: string): Promise<Set<string>> {
  const { items } = await world.cluster.list(volumeSnapshots, { namespace: demo });
  const own = items
    .filter(({ metadata }) => metadata.annotations?.[annotation.sessionName] === session)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return new Set(
    own.map(({ metadata: { annotations = {} } }) =>
      [annotation.madeBy, annotation.pinned, annotation.keepUntil]
        .map((key) => annotations[key] ?? '')
        .join(' '),
    ),
  );
}

test('pin and unpin mark all snapshots of a restore point; each is safe to repeat', async () => {
  const session = await snapshot();
  assert.deepEqual(await marksOf(session), new Set(['user:sandbox  ']));
  const pinned = await world.run(`pin ${session}`);
  assert.deepEqual(pinned, { code: 0, out: `restore point ${session} pinned\n`, err: '' });
  assert.deepEqual(await marksOf(session), new Set(['user:sandbox true ']));
  assert.equal((await world.run(`pin ${session}`)).out, `restore point ${session} already pinned\n`);

  const refused = await world.run(`delete --restore-point ${session} --yes`);
  assert.equal(refused.code, 1);
  await checkAdvice(refused.err);
  matchGolden('commands/delete/pinned', settled(refused.err));
  assert.equal((await marksOf(session)).size, 1);

  const dry = await world.run(`unpin backupsession/${session} --dry-run=client`);
  assert.equal(dry.out, `restore point ${session} unpinned (dry run)\n`);
  assert.deepEqual(await marksOf(session), new Set(['user:sandbox true ']));
  assert.equal((await world.run(`unpin ${session}`)).out, `restore point ${session} unpinned\n`);
  assert.deepEqual(await marksOf(session), new Set(['user:sandbox  ']));
});

test('--pin and --keep-until keep a restore point, until its time, from --keep flags of later runs', async () => {
  const pinned = await snapshot(' --pin');
  const kept = await snapshot(' --keep-until 1h');
  const plain = await snapshot();
  assert.deepEqual(await marksOf(pinned), new Set(['user:sandbox true ']));
  const until = new Date((start + second - 60 + 3_600) * 1_000).toISOString();
  assert.deepEqual(await marksOf(kept), new Set([`user:sandbox  ${until}`]));

  await snapshot(' --keep-last 1');
  assert.deepEqual(
    await Promise.all([pinned, kept, plain].map(async (session) => (await marksOf(session)).size)),
    [1, 1, 0],
  );
  second += 3_600;
  await snapshot(' --keep-last 1');
  assert.deepEqual(
    await Promise.all([pinned, kept].map(async (session) => (await marksOf(session)).size)),
    [1, 0],
  );
  assert.equal((await world.run(`delete --restore-point ${pinned} --yes --force`)).code, 0);
  assert.equal((await marksOf(pinned)).size, 0);
});

test('a session that failed shows as Failed when its record has been deleted, too', async () => {
  const session = await snapshot();
  const status = {
    phase: 'Failed',
    conditions: [
      {
        type: 'BackupHooks',
        lastTransitionTime: new Date().toISOString(),
        status: 'False',
        reason: 'Failed',
        message: 'postBackup: exit code 3',
      },
    ],
  };
  const at = { name: session, namespace: demo };
  await world.cluster.patch(backupSessions, at, { status }, { subresource: 'status' });
  assert.equal((await world.run(`delete backupsession ${session} --yes`)).code, 0);
  const { items } = JSON.parse((await world.run('list -o json')).out) as { items: Record<string, unknown>[] };
  const [point] = items.filter(({ metadata }) => (metadata as { name: string }).name === session);
  assert.deepEqual([point?.['phase'], point?.['completeness']], ['Failed', 'complete']);
  const restored = await world.run(`restore deploy/web --from ${session} --suffix -copy`);
  assert.equal(restored.code, 1);
  assert.match(restored.err, new RegExp(`session ${session} failed: postBackup: exit code 3`));
});

const refused: (RunOptions & { name: string; words: string; code: number })[] = [
  { name: 'pin-unknown', words: 'pin deploy-web-1', code: 3 },
  { name: 'pin-workload', words: 'pin deploy/web', code: 2 },
  { name: 'pin-nothing', words: 'pin', code: 2 },
  { name: 'pin-namespace', words: 'pin deploy-web-1 -n nowhere', code: 3 },
  { name: 'pin-and-until', words: 'snapshot deploy/web --pin --keep-until 3d', code: 2 },
  { name: 'until-past', words: 'snapshot deploy/web --keep-until 2020-01-01', code: 2 },
  { name: 'until-words', words: 'snapshot deploy/web --keep-until tomorrow', code: 2 },
];

for (const { name, words, code, ...options } of refused) {
  test(`refuses: ${name}`, async () => {
    const before = await world.census();
    const { code: exit, out, err } = await world.run(words, options);
    assert.deepEqual([exit, out], [code, ''], err);
    await checkAdvice(err);
    matchGolden(`commands/pin/${name}`, err);
    assert.deepEqual(await world.census(), before);
  });
}

test('without the right to patch snapshots, pin changes nothing', async () => {
  const session = await snapshot();
  const { code, err } = await world.run(`pin ${session}`, { through: withoutRight('patch') });
  assert.equal(code, 1);
  assert.match(err, /may not patch volumesnapshots/);
  assert.deepEqual(await marksOf(session), new Set(['user:sandbox  ']));
});
