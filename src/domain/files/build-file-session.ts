/** Builds the session of `browse`, `cp` or `diff`, and what says that its claim is temporary. */
import type { Named, OwnerReference, Stored } from '#src/api/kubernetes.ts';
import { stashApiVersion } from '#src/api/labels.ts';
import type { RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { leftAlone } from '#src/domain/in-place/staged-claims.ts';
import { buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { extended } from '#src/domain/session/file-session.ts';
import { fileSessionName } from '#src/domain/workload/names.ts';
import type { Target } from '#src/domain/workload/target.ts';

export interface FileSessionWishes {
  readonly target: Target;
  readonly template: VolumeClaimTemplate;
  /** The BackupSession whose snapshot the template names. */
  readonly from: string;
  readonly at: Date;
}

export function buildFileSession({ target, template, from, at }: FileSessionWishes): Named<RestoreSession> {
  const session = buildRestoreSession({
    ...{ target, templates: [template], restoredFrom: from, at, annotations: extended(at) },
  });
  return { ...session, metadata: { ...session.metadata, name: fileSessionName(target, at) } };
}

/** The template of a claim that only this program uses: no tool takes it for its own. */
export function temporaryTemplate({ metadata, spec }: VolumeClaimTemplate): VolumeClaimTemplate {
  const { name } = metadata;
  return { metadata: { ...(name !== undefined && { name }), annotations: { ...leftAlone } }, spec };
}

/** For what the session makes: it is deleted with the session. */
export function fileSessionOwner({ metadata: { name, uid } }: Stored<RestoreSession>): OwnerReference {
  return { apiVersion: stashApiVersion, kind: 'RestoreSession', name, uid };
}
