/** Builds the RestoreSession of a restore in place. */
import type { Named, Stored, StorageClass } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { flag } from '#src/domain/command-line.ts';
import { buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { restoreSessionName } from '#src/domain/workload/names.ts';
import type { Target } from '#src/domain/workload/target.ts';

import {
  alsoStopped,
  formatRecord,
  type InPlaceMethod,
  type InPlaceRecord,
  type StopMethod,
} from './record.ts';
import { recreatedTemplate } from './recreated-claims.ts';
import { beforeName } from './safety-snapshot.ts';
import { stagedName, stagedTemplate, type ClaimToStage } from './staged-claims.ts';

export interface SwapWishes {
  /** Default: `swap`. */
  readonly method?: InPlaceMethod;
  /** Take a snapshot of the present data before deleting a claim. `recreate` always does. */
  readonly before?: boolean;
  readonly target: Target;
  /** The BackupSession from whose snapshots the claims are restored. */
  readonly from: string;
  /** `--only` */
  readonly only: readonly string[];
  readonly stop: StopMethod;
  /** `--pause` */
  readonly pause: boolean;
  /** `--also`: other workloads whose pods the command line stops. */
  readonly also: readonly Pick<Target, 'kind' | 'name'>[];
  readonly claims: readonly ClaimToStage[];
  /** Undefined if the user may not read storage classes. */
  readonly classes: readonly Stored<StorageClass>[] | undefined;
  readonly at: Date;
}

export interface SwapSession {
  readonly session: Named<RestoreSession>;
  readonly record: InPlaceRecord;
  readonly templates: readonly VolumeClaimTemplate[];
}

export function buildSwapSession({
  method = 'swap',
  before = false,
  target,
  from,
  only,
  stop,
  pause,
  also,
  claims,
  classes,
  at,
}: SwapWishes): SwapSession {
  const name = restoreSessionName(target, at);
  const templates = claims.map((each) =>
    method === 'swap' ? stagedTemplate(each, name, classes) : recreatedTemplate(each, classes),
  );
  const record: InPlaceRecord = {
    v: 1,
    method,
    stop,
    volumesOf: name,
    ...((before || method === 'recreate') && { before: beforeName(name) }),
    ...(pause && { pause }),
    ...alsoStopped(also),
    claims: claims.map(({ claim: { metadata, spec }, snapshot }) => ({
      name: metadata.name,
      uid: metadata.uid,
      volume: spec.volumeName ?? '',
      ...(method === 'swap'
        ? { staged: stagedName(metadata.name, name) }
        : { snapshot: snapshot.metadata.name }),
    })),
  };
  const flags = [
    ...(only.length === 0 ? [] : [flag('--only', only.join(','))]),
    ...(method === 'swap' ? [] : [flag('--method', method)]),
    ...(before ? [flag('--before', 'snapshot')] : []),
  ];
  const annotations = { [annotation.inPlace]: formatRecord(record) };
  const session = buildRestoreSession({ target, templates, restoredFrom: from, flags, at, annotations });
  return { session, record, templates };
}
