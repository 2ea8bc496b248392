/** `--timeout` of the commands while an operator carries the session out. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupConfigurations, backupSessions, restoreSessions } from '#src/api/resources.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { withClass } from '#test/session/app-objects.ts';

import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage();
const { stage, clock } = place;
await place.operator();
await stage.snapshotClass('never', { fault: 'never-ready' });
await stage.storageClass('never', { fault: 'never-ready' });
after(() => place[Symbol.asyncDispose]());

async function run(namespace: string, argv: string): Promise<{ code: number; err: string }> {
  const play = stage.play(argv, { namespace, clock });
  const code = await play.exit;
  return { code, err: play.context.stderr() };
}

test('snapshot stops following at its timeout, and the operator continues until its own deadline', async () => {
  const home = await stage.home(['data']);
  const { spec } = await place.configuration(home, {
    timeOut: '3m',
    ...withClass('never'),
  });
  const { code, err } = await run(home, 'snapshot deploy/app --timeout 15s');
  assert.equal(code, 5, err);
  const [session, ...others] = await stage.all(backupSessions, home);
  assert.ok(session && others.length === 0);
  const { name } = session.metadata;
  assert.match(
    err,
    new RegExp(`stopped following backupsession/${name} after 15s; the session goes on: data: cut; `),
  );
  assert.match(err, new RegExp(`\\n +kubectl stash wait ${name} -n ${home}\\n`));
  assert.equal(isFinal(session), false);
  assert.match(session.metadata.annotations?.['stash.appscode.com/executor'] ?? '', /^(?!cli-)./);
  const [configuration] = await stage.all(backupConfigurations, home);
  assert.deepEqual(configuration?.spec, spec);

  const ended = await place.ended(home, name);
  assert.equal(ended.status?.conditions?.[0]?.type, 'DeadlineExceeded');
  const waited = await run(home, `wait ${name} -n ${home}`);
  assert.equal(waited.code, 5, waited.err);
});

test('the operator ends a restore at the timeout of the command, which it reads from the session', async () => {
  const home = await stage.home(['data']);
  await place.configuration(home);
  const taken = await run(home, 'snapshot deploy/app');
  assert.equal(taken.code, 0, taken.err);
  const { code, err } = await run(
    home,
    'restore deploy/app --suffix -2 --storage-class never --timeout 15s --executor=operator',
  );
  assert.equal(code, 5, err);
  const [session] = await stage.all(restoreSessions, home);
  assert.ok(session);
  assert.equal(session.spec.timeOut, '15s');
  const { name } = session.metadata;
  const ended = await place.restored(home, name);
  assert.equal(ended.status?.phase, 'Failed');
  assert.ok(ended.status.conditions?.some(({ type }) => type === 'DeadlineExceeded'));
  // Either may end first, by their clocks: the command waits a moment for the operator's result.
  assert.match(err, new RegExp(`restoresession/${name} (timed out: |after 15s; the session goes on)`));
});
