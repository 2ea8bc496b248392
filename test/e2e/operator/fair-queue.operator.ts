/** Sessions of one namespace whose hooks do not answer do not delay those of another. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { backupSessions } from '#src/api/resources.ts';
import { readHolder } from '#src/domain/session/holder.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import type { Place } from '#test/e2e/place.ts';

import { beginSession, name, openHome, shell, untilEnded } from './home.ts';
import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
/** The executor of the dead sessions. */
const gone = 'gone';

await suite('fair-queue', { concurrency: 1 }, () => {
  test('twenty dead sessions whose application cannot be resumed', async (t) => {
    const resume = 'until [ -e /source/data/go ]; do sleep 1; done';
    const greedy = await openHome(t, server, { spec: { hooks: { postBackup: shell(resume) } } });
    const modest = await openHome(t, server);
    await Promise.all(Array.from({ length: 20 }, (_, n) => deadSession(greedy, `dead-${n}`)));
    const isHeld = (id: string | undefined) => id !== undefined && id !== gone;
    await greedy.until(backupSessions, (all) => all.some((session) => isHeld(readHolder(session)?.id)));
    await beginSession(modest, 'told');
    const { status } = await untilEnded(modest, 'told');
    assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
    const dead = await greedy.list(backupSessions);
    assert.deepEqual([dead.length, dead.filter((session) => isFinal(session)).length], [20, 0]);
    const [pod = ''] = await greedy.running('stash-demo');
    await greedy.sh(pod, 'touch /source/data/go');
    await greedy.until(backupSessions, (all) => all.every((session) => isFinal(session)));
  });
});

/** A session long after its deadline, whose executor has gone while the application was quiesced. */
async function deadSession({ namespace }: Place, called: string): Promise<void> {
  const { cluster } = server;
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const annotations = {
    // While this executor seems to live, the operator waits for it.
    [annotation.executor]: `${gone} 1`,
    [annotation.quiescedSince]: since,
    [annotation.sessionClaims]: '["data"]',
  };
  await cluster.create(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: called, namespace, annotations },
    spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name } },
  });
  const status = { phase: 'Running', sessionDeadline: since, targets: [{ phase: 'Running' }] };
  const at = { name: called, namespace };
  await cluster.patch(backupSessions, at, { status }, { subresource: 'status' });
  await cluster.patch(backupSessions, at, { metadata: { annotations: { [annotation.executor]: '' } } });
}
