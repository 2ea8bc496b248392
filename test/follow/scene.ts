/** A namespace with a deployment `demo` and its claims, an operator's player, and a plugin that sees it. */
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
  /** Default: nobody. `absent`: discovery shows AppsCode's group, nobody plays. */
  readonly appscode?: AppscodeManners | 'absent';
  readonly own?: OwnManners;
  readonly claims?: readonly string[];
  /** The user may give hooks and delete restore points. */
  readonly hooksAndDeletions?: boolean;
  /** How fast the clock of the plugin and the player goes; more than 1 only where nothing races against it. */
  readonly times?: number;
}

export interface Scene {
  readonly place: Place;
  readonly stage: Stage;
  /** The plugin, in a cluster with this operator. */
  stash(line: string): Promise<Ran>;
  /** A configuration of `demo` with a status, as an operator left it. */
  configured(phase: 'Ready' | 'NotReady'): Promise<void>;
}

export async function openScene(
  t: TestContext,
  server: TestServer,
  options: SceneOptions = {},
): Promise<Scene> {
  const { appscode, own, claims = ['data'], times = 1, hooksAndDeletions = false } = options;
  const players: Player[] = [];
  // Before their namespace goes.
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

/** The scene with a restore point that we made. */
export async function snapshotted(scene: Scene): Promise<Scene> {
  await scene.place.succeeds('snapshot deploy/demo --executor=local');
  return scene;
}

export async function nothingCreated({ place }: Scene): Promise<void> {
  assert.deepEqual(await place.list(backupConfigurations), []);
  assert.deepEqual(await place.list(backupSessions), []);
  assert.deepEqual(await place.list(volumeSnapshots), []);
}

/** Who holds each session. */
export async function executors({ place }: Scene): Promise<(string | undefined)[]> {
  const sessions = await place.list(backupSessions);
  return sessions.map(({ metadata }) => metadata.annotations?.['stash.appscode.com/executor']?.split(' ')[0]);
}
