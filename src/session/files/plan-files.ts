/** Plans the access to the files of a restore point: finds what is wrong before anything is created. */
import type { PersistentVolumeClaim, Pod, PodSpec, Stored } from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import {
  buildFileSession,
  fileSessionOwner,
  temporaryTemplate,
} from '#src/domain/files/build-file-session.ts';
import { buildFilesPod } from '#src/domain/files/files-pod.ts';
import { accept, failure, refuse, type Failure } from '#src/domain/finding.ts';
import { chooseClaim, checkLive } from '#src/domain/files/choose-claim.ts';
import { stagedName } from '#src/domain/in-place/staged-claims.ts';
import { choosePoint } from '#src/domain/restore-points/choose-point.ts';
import { parseMoment } from '#src/domain/restore-points/moment.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { hasEnded, mounts } from '#src/domain/restore/claims-in-the-way.ts';
import { readWorkload } from '#src/domain/workload/kinds.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { StashError } from '#src/errors.ts';

import { ifAllowed, type NamespaceReader } from '#src/session/plan/namespace-reader.ts';
import { planRestore, readWorkload as readObject } from '#src/session/plan/plan-restore.ts';
import { pointsOfNamespace, prepareFrom } from '#src/session/plan/prepare-restore.ts';
import { rightsForFiles } from '#src/session/plan/rights-needed.ts';

import type { FilesToOpen } from './open-files.ts';

export interface FilesRequest {
  readonly target: Target;
  /** `latest`, a session's name, or a time. */
  readonly from: string;
  /** Left out: the restore point must have one claim only. */
  readonly claim: string | undefined;
  /** Left out: the class that the claim had. */
  readonly storageClass: string | undefined;
  readonly image: string;
  /** `--run-as-user` */
  readonly user: number | undefined;
  /** Whether the pod mounts the present volume, too. */
  readonly live: boolean;
  readonly now: Date;
  /** This command's id. */
  readonly id: string;
  /** The name of the user who runs the command, for messages. */
  readonly userName: string;
}

export interface FilesPlan extends Pick<FilesToOpen, 'target' | 'session' | 'template' | 'podOf'> {
  readonly point: RestorePoint;
  /** The claim's own name. */
  readonly claim: string;
  readonly isBlock: boolean;
  /** What the user should know; one line each. */
  readonly notes: readonly string[];
}

/** Reads and writes nothing. Rejects with a StashError for the first problem. */
export async function planFiles(reader: NamespaceReader, request: FilesRequest): Promise<FilesPlan> {
  const { target, from, now, id } = request;
  const { namespace } = reader;
  refuse(noExecutor(await reader.groups()));
  await reader.demand(request.userName, rightsForFiles);
  const points = await pointsOfNamespace(reader);
  const only = request.claim === undefined ? [] : [request.claim];
  const point = accept(choosePoint(points, target, from, only, parseMoment(from, now)));
  const claim = accept(chooseClaim(point, request.claim, target));
  const temporary = stagedName(claim, id);
  const { storageClass } = request;
  const flags = { only: [claim], suffix: undefined, claim: [`${claim}=${temporary}`], storageClass };
  const prepared = await prepareFrom(reader, { target, flags, written: () => [] }, point, now);
  const { templates, notes } = await planRestore(reader, {
    templates: prepared.templates.map(temporaryTemplate),
    ...{ executor: 'local', user: request.userName, hasClassFlag: true },
  });
  const [template] = templates;
  if (template === undefined) throw new StashError('bug', 'a claim was planned without its template');
  const isBlock = template.spec.volumeMode === 'Block';

  const around = await readAround(reader, target, claim);
  if (request.live) refuse(checkLive(claim, { ...around, isBlock, target }));
  const node = around.users.map(({ spec }) => spec.nodeName).find((name) => name !== undefined);
  return {
    ...{ target, point, claim, template, isBlock },
    session: buildFileSession({ target, template, from: point.session, at: now }),
    podOf: (session) =>
      buildFilesPod({
        ...{ namespace, image: request.image, claim: temporary, isBlock, liveClaim: claim },
        owner: session && fileSessionOwner(session),
        live: request.live ? claim : undefined,
        workload: around.workload,
        node: node === undefined ? undefined : { name: node, must: request.live },
        user: request.user,
      }),
    notes: [...prepared.notes, ...notes],
  };
}

interface Around {
  readonly live: Stored<PersistentVolumeClaim> | undefined;
  /** The pods that use the claim. */
  readonly users: readonly Stored<Pod>[];
  readonly workload: PodSpec | undefined;
}

/** A workload that is gone, or that the user may not read, leaves the pods that use the claim. */
async function readAround(reader: NamespaceReader, target: Target, claim: string): Promise<Around> {
  const [object, claims, all] = await Promise.all([
    readObject(reader, target),
    reader.claims(),
    ifAllowed(() => reader.pods()),
  ]);
  const users = (all ?? []).filter((pod) => !hasEnded(pod) && mounts(pod, claim));
  const workload = object && readWorkload(target.kind, object)?.podSpec;
  const live = claims.find(({ metadata }) => metadata.name === claim);
  // A StatefulSet's own spec does not name its claims.
  return { live, users, workload: users[0]?.spec ?? workload };
}

/** An operator would carry the session out like any other, and leave its claim. */
function noExecutor(groups: readonly string[]): Failure[] {
  if (!groups.includes(appscodeOperatorGroup)) return [];
  const why =
    "cannot read the files of a restore point: AppsCode's Stash operator runs here, and would carry the session out too";
  return [failure('precondition', why, { hint: 'restore the claim beside the present one, with --suffix' })];
}
