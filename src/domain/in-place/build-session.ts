/** The RestoreSession of a restore in place. */
import type { Named, Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { flag } from '#src/domain/command-line.ts';
import { buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { restoreSessionName } from '#src/domain/workload/names.ts';
import type { Target } from '#src/domain/workload/target.ts';

import { formatRecord, type InPlaceRecord, type StopMethod } from './record.ts';
import { stagedName, stagedTemplate, type ClaimToStage } from './staged-claims.ts';

export interface SwapWishes {
  readonly target: Target;
  /** The BackupSession whose snapshots are restored. */
  readonly from: string;
  /** `--only` */
  readonly only: readonly string[];
  readonly stop: StopMethod;
  /** `--pause` */
  readonly pause: boolean;
  readonly claims: readonly ClaimToStage[];
  /** Undefined: the user may not read them. */
  readonly classes: readonly Stored<StorageClass>[] | undefined;
  readonly at: Date;
}

export interface SwapSession {
  readonly session: Named<RestoreSession>;
  readonly record: InPlaceRecord;
  readonly templates: readonly VolumeClaimTemplate[];
}

export function buildSwapSession({
  target,
  from,
  only,
  stop,
  pause,
  claims,
  classes,
  at,
}: SwapWishes): SwapSession {
  const name = restoreSessionName(target, at);
  const templates = claims.map((each) => stagedTemplate(each, name, classes));
  const record: InPlaceRecord = {
    v: 1,
    method: 'swap',
    stop,
    volumesOf: name,
    ...(pause && { pause }),
    claims: claims.map(({ claim: { metadata, spec } }) => ({
      name: metadata.name,
      uid: metadata.uid,
      volume: spec.volumeName ?? '',
      staged: stagedName(metadata.name, name),
    })),
  };
  const flags = only.length === 0 ? [] : [flag('--only', only.join(','))];
  const annotations = { [annotation.inPlace]: formatRecord(record) };
  const session = buildRestoreSession({ target, templates, restoredFrom: from, flags, at, annotations });
  return { session, record, templates };
}
