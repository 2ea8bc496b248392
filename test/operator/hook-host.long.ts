/** Hooks with a `host`: their author must not be able to make the operator connect to hosts that only it can reach. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';

import type { HookHandler } from '#src/api/stash.ts';
import { runningHome } from '#test/session/hooked.ts';

import { openSessionStage } from './session-stage.ts';

const place = await openSessionStage();
const { stage, clock } = place;
let asked = 0;
const inner = createServer((_, response) => {
  asked += 1;
  response.writeHead(500).end('the password is swordfish');
});
let port = 0;
before(async () => {
  await new Promise<void>((up) => {
    inner.listen(0, '127.0.0.1', up);
  });
  ({ port } = inner.address() as AddressInfo);
});
after(async () => {
  inner.closeAllConnections();
  inner.close();
  await place[Symbol.asyncDispose]();
});

/** A namespace with a session whose preBackup hook is this one. */
async function hooked(hook: HookHandler): Promise<string> {
  const home = await runningHome(stage, ['data']);
  await place.configuration(home, { hooks: { preBackup: hook } });
  await place.session(home, 's1');
  return home;
}

async function told(home: string): Promise<string | undefined> {
  const session = await place.ended(home, 's1');
  assert.equal(session.status?.phase, 'Failed');
  assert.deepEqual(await stage.snapshotted(home), []);
  const conditions = session.status.targets?.[0]?.conditions ?? [];
  return conditions.find(({ type }) => type === 'PreBackupHookExecutionSucceeded')?.message;
}

test('the operator itself does not connect there', async () => {
  await using operator = await place.operator({ runSessions: 'in-process' });
  for (const kind of ['httpGet', 'httpPost', 'tcpSocket'] as const) {
    const home = await hooked({ [kind]: { host: 'localhost', port } });
    assert.equal(
      await told(home),
      "preBackup hook did not run: host localhost is not the pod's own: the operator connects to pods of the target " +
        'only; with --run-sessions=in-jobs the Job does',
    );
  }
  assert.equal(asked, 0);
  await operator.stop();
});

test('the operator connects to a pod of the target, whether the hook names its address or no host', async () => {
  await using operator = await place.operator({ runSessions: 'in-process' });
  for (const host of ['127.0.0.1', '', undefined]) {
    asked = 0;
    const home = await hooked({ httpGet: { ...(host !== undefined && { host }), port } });
    assert.match(
      (await told(home)) ?? '',
      /preBackup hook failed in pod app-\S+ \(container app\): HTTP 500/,
    );
    assert.equal(asked, 1);
  }
  await operator.stop();
});

test('a Job connects, and does not report the response', async () => {
  asked = 0;
  const home = await hooked({ httpGet: { host: 'localhost', port } });
  const play = stage.play('operator create-vs --backupsession s1', { namespace: home, clock });
  assert.equal(await play.exit, 0, play.context.stderr());
  assert.match((await told(home)) ?? '', /\(container app\): HTTP 500$/);
  assert.equal(asked, 1);
});

test('the response of a pod of the target is reported', async () => {
  const home = await hooked({ httpGet: { port } });
  const play = stage.play('operator create-vs --backupsession s1', { namespace: home, clock });
  assert.equal(await play.exit, 0, play.context.stderr());
  assert.match((await told(home)) ?? '', /HTTP 500: the password is swordfish$/);
});
