/** What every executor of the operator does with a session. */
import assert from 'node:assert/strict';

import type { Stored } from '#src/api/kubernetes.ts';
import { backupSessions, persistentVolumeClaims, volumeSnapshots } from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { withClass } from '#test/session/app-objects.ts';
import { claimFrom } from '#test/support/claim-from.ts';

import type { SessionStage } from './session-stage.ts';

/** Session `s1` takes a snapshot of each of two claims; resolves with its namespace, as it was made and as it ended. */
export async function backUp(
  place: SessionStage,
  spec: Partial<BackupConfiguration['spec']> = {},
): Promise<{ home: string; made: Stored<BackupSession>; ended: Stored<BackupSession> }> {
  const { stage } = place;
  const home = await stage.home(['data-0', 'data-1']);
  await place.configuration(home, spec);
  const made = await place.session(home, 's1');
  const ended = await place.ended(home, 's1');
  assert.equal(ended.status?.phase, 'Succeeded');
  assert.deepEqual((await stage.snapshotted(home)).sort(), ['data-0', 'data-1']);
  return { home, made, ended };
}

/** Resolves with the status of session `s1`, which ends Failed because of what `disturb` does while it runs. */
export async function disrupt(
  place: SessionStage,
  { message, disturb }: { readonly message: string; readonly disturb: (home: string) => Promise<void> },
): Promise<NonNullable<BackupSession['status']>> {
  const { stage } = place;
  await stage.snapshotClass('never', { fault: 'never-ready' });
  const home = await stage.home(['data']);
  await place.configuration(home, withClass('never'));
  await place.session(home, 's1');
  await stage.until(backupSessions, home, ([session]) => session?.status?.phase === 'Running');
  await disturb(home);
  const { status } = await place.ended(home, 's1');
  assert.equal(status?.phase, 'Failed');
  const disrupted = status.conditions?.find(({ type }) => type === 'BackupDisrupted');
  assert.equal(disrupted?.message, message);
  return status;
}

/** A claim is restored from a snapshot that was just taken; resolves with type and reason of the session's conditions. */
export async function restore(place: SessionStage): Promise<(string | undefined)[][]> {
  const { stage } = place;
  const home = await stage.home(['data']);
  await place.configuration(home);
  await place.session(home, 's1');
  await place.ended(home, 's1');
  const [snapshot] = await stage.all(volumeSnapshots, home);
  const template = claimFrom(snapshot?.metadata.name ?? '', 'restored');
  await place.restore(home, 'r1', {
    driver: 'VolumeSnapshotter',
    target: { volumeClaimTemplates: [template] },
  });
  const { status } = await place.restored(home, 'r1');
  assert.equal(status?.phase, 'Succeeded');
  const claims = await stage.all(persistentVolumeClaims, home);
  assert.ok(
    claims.some(({ metadata, status: { phase } = {} }) => metadata.name === 'restored' && phase === 'Bound'),
  );
  return (status.conditions ?? []).map(({ type, reason }) => [type, reason]);
}
