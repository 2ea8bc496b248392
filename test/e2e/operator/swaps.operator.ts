/** A restore in place beside the operator: who reports it, and what waits, when its command line dies behind the gate. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { backupSessions, deployments, persistentVolumeClaims, restoreSessions } from '#src/api/resources.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { deployment } from '#test/e2e/manifests.ts';
import type { Place } from '#test/e2e/place.ts';
import { mortal } from '#test/operator/mortal.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { beginSession, openHome, untilEnded, untilEvent, untilOne } from './home.ts';
import { startOperatorServer } from './operator-server.ts';
import { assertConditions, hasCondition, testReached } from './reached.ts';

const server = await startOperatorServer();
const administrator = { identity: undefined };
const restore = 'restore deploy/stash-demo --in-place --yes --stop=gate';

/** Its pod ignores the signal to end, and may take ten minutes. */
function stubborn() {
  const workload = deployment('stash-demo', ['data']);
  const { spec } = workload.spec.template;
  spec.terminationGracePeriodSeconds = 600;
  for (const container of spec.containers) container.args = ["trap '' TERM; while true; do sleep 1; done"];
  return workload;
}

await suite('restore in place beside the operator', () => {
  test('its command line dies behind the gate: the operator says so, skips backups, and leaves the rest', async (t) => {
    let opened: Place | undefined;
    // Before the namespace is deleted: a pod that ignores the signal to end would keep it.
    t.after(async () => {
      if (opened === undefined) return;
      await opened.remove(deployments, 'stash-demo');
      await opened.killPods();
      await opened.giveUpVolumes();
    });
    const place = (opened = await openHome(t, server, {}, stubborn()));
    const { namespace } = place;
    await place.succeeds('snapshot deploy/stash-demo', administrator);

    const life = mortal();
    const inner: Cluster[] = [];
    void place.stash(restore, {
      ...administrator,
      clock: life.clock(scaledClock()),
      seenAs(cluster) {
        inner.push(cluster);
        return life.cluster(cluster);
      },
    });
    await place.until(persistentVolumeClaims, (all) =>
      all.some(({ metadata }) => metadata.name === 'data' && metadata.deletionTimestamp !== undefined),
    );
    life.end();
    for (const each of inner) each.close();
    const [begun] = await place.list(restoreSessions);
    assert.ok(begun);
    const session = begun.metadata.name;

    const told = await untilOne(place, restoreSessions, session, ({ status }) =>
      hasCondition(status?.conditions, 'SwapInterrupted True ExecutorDied'),
    );
    assert.equal(told.status?.phase, 'Running');
    const message = await untilEvent(place, session, 'ExecutorDied');
    assert.ok(message.includes(`kubectl stash undo ${session} -n ${namespace}`), message);
    await beginSession(place, 'scheduled');
    const skipped = await untilEnded(place, 'scheduled');
    assert.equal(skipped.status?.phase, 'Skipped');
    const refused = await place.stash('snapshot deploy/stash-demo', administrator);
    assert.equal(refused.code, 1);
    assert.ok(refused.stderr.includes(session), refused.stderr);
    assert.equal((await place.list(backupSessions)).length, 2);

    await place.killPods();
    await place.succeeds(restore, administrator);
    await place.running('stash-demo');
    const ended = await untilOne(place, restoreSessions, session, ({ status }) =>
      hasCondition(status?.conditions, 'SwapInterrupted False ExecutorResumed'),
    );
    assert.equal(ended.status?.phase, 'Succeeded');
    assertConditions(
      ended.status.conditions,
      'ClaimsStaged True NewVolumesBound',
      'VolumesKept True VolumesRetained',
      'SwapInterrupted False ExecutorResumed',
      'WorkloadStopped True NoPodUsesTheClaims',
      'ClaimsSwapped True ClaimsBoundToNewVolumes',
      'WorkloadStarted True WorkloadReleased',
      'RestoreCompleted True PostRestoreTasksExecuted',
    );
  });
});

testReached(import.meta.filename, false);
