/** Each kind has its own watch: a session may be delivered before the current state of its configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { backupConfigurations, type Resource } from '#src/api/resources.ts';
import type { Cluster, Scope, WatchEvent } from '#src/cluster/port.ts';
import { runningHome } from '#test/session/hooked.ts';

import { openSessionStage } from './session-stage.ts';

/** Once `isHeld` returns true, watch events of configurations are held back until `free` resolves. */
function holdingBack(cluster: Cluster, isHeld: () => boolean, free: Promise<unknown>): Cluster {
  async function* late<T extends KubernetesObject>(events: AsyncIterable<WatchEvent<T>>) {
    for await (const event of events) {
      if (isHeld()) await free;
      yield event;
    }
  }
  return {
    ...cluster,
    watch: <T extends KubernetesObject>(resource: Resource<T>, scope: Scope, signal: AbortSignal) => {
      const events = cluster.watch(resource, scope, signal);
      return resource.plural === backupConfigurations.plural ? late(events) : events;
    },
  };
}

test('a session is not Skipped because of an outdated state of its configuration', async () => {
  await using place = await openSessionStage();
  const { stage } = place;
  const home = await runningHome(stage, ['data']);
  const { metadata } = await place.configuration(home, {}, { phase: 'NotReady', observedGeneration: 1 });
  const told = Promise.withResolvers<undefined>();
  let held = false;
  await place.operator({ through: (cluster) => holdingBack(cluster, () => held, told.promise) });
  await place.session(home, 'early');
  assert.equal((await place.ended(home, 'early')).status?.phase, 'Skipped');
  held = true;
  await stage.sandbox.cluster.patch(
    backupConfigurations,
    { name: metadata.name, namespace: home },
    { status: { phase: 'Ready' } },
    { subresource: 'status' },
  );
  await place.session(home, 's1');
  const { status } = await place.ended(home, 's1');
  told.resolve(undefined);
  assert.equal(status?.phase, 'Succeeded', JSON.stringify(status));
});

test('a session whose configuration does not exist is Skipped with that reason', async () => {
  await using place = await openSessionStage();
  const home = await runningHome(place.stage, ['data']);
  await place.operator();
  await place.session(home, 's1');
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Skipped');
  assert.match(JSON.stringify(status), /backupconfiguration\/deploy-app does not exist/);
});
