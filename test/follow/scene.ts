/** A namespace with a deployment `demo` and its claims, a player that acts as an operator, and the plugin. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { backupConfigurations, backupSessions, deployments, volumeSnapshots } from '#src/api/resources.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';
import type { Ran } from '#test/e2e/plugin.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { playAppscode, withAppscode, type AppscodeManners } from '#test/operator-player/appscode.ts';
import { playOwnOperator, type OwnManners } from '#test/operator-player/own.ts';
import type { Player, Stage } from '#test/operator-player/play.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

export interface SceneOptions {
  /** Default: no operator. `absent`: discovery shows AppsCode's group, but no player runs. */
  readonly appscode?: AppscodeManners | 'absent';
  readonly own?: OwnManners;
  readonly claims?: readonly string[];
  /** The user may give hooks and delete restore points. */
  readonly hooksAndDeletions?: boolean;
  /** Speed of the plugin's and the player's clock; more than 1 only if nothing else races against it. */
  readonly times?: number;
}

export interface Scene {
  readonly place: Place;
  readonly stage: Stage;
  /** Runs the plugin in a cluster with this operator. */
  stash(line: string): Promise<Ran>;
  /** Creates a configuration of `demo` with the status that an operator left. */
  configured(phase: 'Ready' | 'NotReady'): Promise<void>;
}

export async function openScene(
  t: TestContext,
  server: TestServer,
  options: SceneOptions = {},
): Promise<Scene> {
  const { appscode, own, claims = ['data'], times = 1, hooksAndDeletions = false } = options;
  const players: Player[] = [];
  // Before their namespace is deleted.
  t.after(() => Promise.all(players.map((player) => player.stop())));
  const place = await openPlace(t, server, { hooksAndDeletions });
  const { namespace } = place;
  const { cluster } = server;
  const clock = scaledClock(times);
  const stage = { cluster, clock, namespace };
  if (appscode !== undefined && appscode !== 'absent') players.push(playAppscode(stage, appscode));
  if (own) players.push(playOwnOperator(stage, own));
  await place.claims(...claims);
  await place.create(deployments, deployment('demo', claims));
  return {
    place,
    stage,
    stash: (line) => place.stash(line, { clock, ...(appscode !== undefined && { seenAs: withAppscode }) }),
    async configured(phase) {
      const target = { kind: 'Deployment', name: 'demo', namespace } as const;
      const { metadata } = await cluster.create(
        backupConfigurations,
        buildConfiguration(target, server.snapshotClass),
      );
      await cluster.patch(
        backupConfigurations,
        { name: metadata.name, namespace },
        { status: { phase } },
        { subresource: 'status' },
      );
    },
  };
}

/** The scene, with a restore point that the command line made. */
export async function snapshotted(scene: Scene): Promise<Scene> {
  await scene.place.succeeds('snapshot deploy/demo --executor=local');
  return scene;
}

export async function nothingCreated({ place }: Scene): Promise<void> {
  assert.deepEqual(await place.list(backupConfigurations), []);
  assert.deepEqual(await place.list(backupSessions), []);
  assert.deepEqual(await place.list(volumeSnapshots), []);
}

/** The holder of each session. */
export async function executors({ place }: Scene): Promise<(string | undefined)[]> {
  const sessions = await place.list(backupSessions);
  return sessions.map(({ metadata }) => metadata.annotations?.['stash.appscode.com/executor']?.split(' ')[0]);
}
