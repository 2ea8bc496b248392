/** A leader that is stopped while it runs a hook, and continues after another operator has ended the session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Cluster } from '#src/cluster/port.ts';
import { checkLog, logOf, runningHome } from '#test/session/hooked.ts';

import { eventually } from './eventually.ts';
import { ofNamespace } from './of-namespace.ts';
import { openSessionStage } from './session-stage.ts';
import type { StartedOperator } from './start.ts';
import { tracedHooks } from './traces.ts';

const told = ({ log }: StartedOperator, words: string) => log.some((line) => line.includes(words));

test('an application that a late preBackup hook quiesces is thawed', async () => {
  await using place = await openSessionStage();
  const home = await runningHome(place.stage, ['data']);
  const options = { leaderElect: true, namespace: home, maxFreezeMs: 3_600_000 };
  const woken = Promise.withResolvers<undefined>();
  const led: { leader?: StartedOperator } = {};
  const stopping = (cluster: Cluster): Cluster => ({
    ...ofNamespace(cluster, home),
    exec: async (request) => {
      // Stop it only at its first exec: the one that thaws follows after it has continued.
      led.leader?.freeze();
      delete led.leader;
      await woken.promise;
      return cluster.exec(request);
    },
  });
  const leader = await place.operator({ ...options, through: stopping });
  led.leader = leader;
  await eventually(() => told(leader, 'the caches are filled'));
  await place.operator({ ...options, through: (cluster) => ofNamespace(cluster, home) });
  await place.configuration(home, { hooks: tracedHooks, timeOut: '10h' });
  await place.session(home, 's1');
  await place.tidied(home, 's1');
  const before = await logOf(place.stage, home);
  leader.thaw();
  woken.resolve(undefined);
  await eventually(() => told(leader, 'no longer leading'));
  const log = await logOf(place.stage, home);
  assert.deepEqual(log.slice(before.length), ['freeze', 'thaw']);
  checkLog(log);
});
