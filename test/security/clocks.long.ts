/**
 * Clocks of two machines compared: a machine whose clock is an hour off, for the command line, a Job and the operator,
 * cut snapshots too late without saying so, and failed sessions at once.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import type { Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupSessions, volumeSnapshots } from '#src/api/resources.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { serverClock } from '#src/cluster/server-clock.ts';
import { note, runningHome } from '#test/session/hooked.ts';
import { openSessionStage } from '#test/operator/session-stage.ts';
import { manualClock } from '#test/support/clock.ts';
import { ourProgram } from '#test/support/our-program.ts';
import { shifted, skewedMachine } from '#test/support/skewed.ts';

const hour = 3_600_000;
const place = await openSessionStage();
const { stage, clock: right } = place;
after(() => place[Symbol.asyncDispose]());

const hooks = {
  preBackup: { exec: { command: ['sh', '-c', note('freeze')] }, containerName: 'app' },
  postBackup: { exec: { command: ['sh', '-c', note('thaw')] }, containerName: 'app' },
};

/** How much later than its snapshot the application was to be resumed. */
function marginMs({ metadata }: Stored<VolumeSnapshot>): number {
  return (
    Date.parse(metadata.annotations?.[annotation.cutBefore] ?? '') - Date.parse(metadata.creationTimestamp)
  );
}

for (const [which, ahead] of [
  ['slow', -hour],
  ['fast', hour],
] as const) {
  const words = new RegExp(
    `^this machine's clock is (1h|59m59s) ${ahead < 0 ? 'behind' : 'ahead of'} the API`,
  );

  test(`a command line that is an hour ${which}: list and restore take its snapshot as the newest`, async () => {
    const namespace = await runningHome(stage, ['data']);
    using machine = await skewedMachine(stage.sandbox.kubeconfig, shifted(right, ahead));
    const hooked = ['--pre', note('freeze'), '--post', note('thaw')];
    const snapshot = ['snapshot', 'deploy/app', '--executor=local', ...hooked];
    const first = stage.play(snapshot, { namespace, clock: right });
    assert.equal(await first.exit, 0, first.context.stderr());
    const second = stage.play(snapshot, { namespace, ...machine });
    assert.equal(await second.exit, 0, second.context.stderr());

    const byTime = (await stage.all(volumeSnapshots, namespace)).toSorted((a, b) =>
      a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1,
    );
    const newest = byTime.at(-1);
    assert(newest !== undefined && byTime.length === 2);
    assert.ok(marginMs(newest) > 0 && marginMs(newest) <= 62_000, `${marginMs(newest)} ms`);
    for (const who of [{ clock: right }, machine]) {
      const list = stage.play('list', { namespace, ...who });
      assert.equal(await list.exit, 0);
      assert.doesNotMatch(list.context.stdout(), /Incomplete/);
      const restore = stage.play('restore deploy/app --suffix=-new --dry-run=client -o yaml', {
        namespace,
        ...who,
      });
      assert.equal(await restore.exit, 0, restore.context.stderr());
      assert.match(restore.context.stdout(), new RegExp(newest.metadata.name));
    }
    assert.equal(machine.told.length, 1);
    assert.match(machine.told[0] ?? '', words);
  });

  test(`a Job on a machine that is an hour ${which} ends its session in time`, async () => {
    const namespace = await runningHome(stage, ['data']);
    using machine = await skewedMachine(stage.sandbox.kubeconfig, shifted(right, ahead));
    await place.configuration(namespace, { hooks, timeOut: '5m' });
    await place.session(namespace, 's1');
    const job = stage.play('operator create-vs --backupsession s1', { namespace, ...machine });
    assert.equal(await job.exit, 0, job.context.stderr());
    const { status, metadata } = await place.ended(namespace, 's1');
    assert.equal(status?.phase, 'Succeeded');
    const deadline = Date.parse(status.sessionDeadline ?? '') - Date.parse(metadata.creationTimestamp);
    assert.ok(deadline > 290_000 && deadline < 330_000, `${deadline} ms`);
    const [snapshot] = await stage.all(volumeSnapshots, namespace);
    assert.ok(snapshot && marginMs(snapshot) > 0 && marginMs(snapshot) < 90_000);
    assert.equal(machine.told.length, 1);
    assert.match(machine.told[0] ?? '', words);
  });

  test(`an operator that is an hour ${which} carries a session out`, async () => {
    const namespace = await runningHome(stage, ['data']);
    const told: string[] = [];
    const clock = serverClock(shifted(right, ahead), (said) => void told.push(said));
    await place.configuration(namespace, { hooks, timeOut: '5m' });
    await using operator = await place.operator({ clock });
    await place.session(namespace, 's1');
    const session = await place.ended(namespace, 's1');
    assert.equal(session.status?.phase, 'Succeeded', JSON.stringify([session.status, operator.log]));
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', words);
  });
}

test('the program itself learns the time, and tells the skew once', async () => {
  const namespace = await stage.home(['data']);
  const slow = `const D = Date; globalThis.Date = class extends D {
    constructor(...given) { given.length === 0 ? super(D.now() - ${hour}) : super(...given); }
    static now() { return D.now() - ${hour}; } }`;
  const loader = `--import=data:text/javascript,${encodeURIComponent(slow)}`;
  const [node = '', program = ''] = (await ourProgram()).argv;
  const ran = async (...words: string[]) => {
    const argv = [loader, program, ...words, '-n', namespace, '--kubeconfig', stage.sandbox.kubeconfig];
    const child = spawn(node, argv);
    const [out, said, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number]>,
    ]);
    return { out, said, code };
  };
  const { said, code } = await ran('snapshot', 'deploy/app', '--executor=local');
  assert.equal(code, 0, said);
  assert.equal(said.match(/^warning: this machine's clock is .* behind the API server's/gm)?.length, 1, said);
  const [session] = await stage.all(backupSessions, namespace);
  assert.ok(session && isFinal(session));
  assert.equal(session.status?.phase, 'Succeeded');
  const { out } = await ran('doctor', 'deploy/app');
  assert.match(out, /^warn +clock +this machine's clock is \S+ behind the API server's$/m);
});

const table = [
  { what: 'the same second', date: '2026-03-14T03:00:00Z', took: 0, ahead: 0 },
  { what: 'a slow answer', date: '2026-03-14T03:00:04Z', took: 5_000, ahead: 0 },
  { what: 'an hour behind the server', date: '2026-03-14T04:00:00Z', took: 100, ahead: hour - 100 },
  { what: 'an hour ahead of the server', date: '2026-03-14T02:00:00Z', took: 100, ahead: -hour + 1_000 },
  { what: 'no Date', date: undefined, took: 100, ahead: 0 },
  { what: 'an invalid Date', date: 'yesterday', took: 100, ahead: 0 },
];

for (const { what, date, took, ahead } of table) {
  test(`a clock learns from an answer: ${what}`, async () => {
    const own = manualClock('2026-03-14T03:00:00Z');
    const told: string[] = [];
    const clock = serverClock(own, (words) => void told.push(words));
    const learn = clock.onSend();
    await own.advance(took);
    learn(date);
    assert.equal(clock.now().getTime() - own.now().getTime(), ahead);
    assert.equal(clock.ahead(), ahead);
    clock.onSend()(date);
    assert.equal(told.length, Math.abs(ahead) > 30_000 ? 1 : 0);
  });
}
