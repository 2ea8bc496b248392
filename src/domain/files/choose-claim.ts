/** Which claim of a restore point the files are read of, and whether its present volume can be read beside it. */
import type { PersistentVolumeClaim, Pod, Stored } from '#src/api/kubernetes.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, noChoice, type Choice, type Failure } from '#src/domain/finding.ts';
import { nearest } from '#src/domain/nearest.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

export function chooseClaim(point: RestorePoint, claim: string | undefined, target: Target): Choice<string> {
  const names = point.claims.map((each) => each.claim);
  const list = sanitize(names.join(', '));
  if (claim === undefined) {
    const [only, ...others] = names;
    if (only !== undefined && others.length === 0) return { value: only };
    return noChoice(
      'usage',
      `restore point ${point.session} of ${formatTarget(target)} has ${names.length} claims`,
      {
        hint: `name one of them: ${list}`,
      },
    );
  }
  if (names.includes(claim)) return { value: claim };
  const near = nearest(claim, names);
  return noChoice('not-found', `restore point ${point.session} has no claim ${claim}`, {
    hint: near === undefined ? `its claims are ${list}` : `did you mean ${near}?`,
  });
}

export interface LiveClaim {
  readonly target: Target;
  /** Undefined if it does not exist. */
  readonly live: Stored<PersistentVolumeClaim> | undefined;
  /** The pods that use it. */
  readonly users: readonly Stored<Pod>[];
  readonly isBlock: boolean;
}

/** Why a second pod cannot mount the present volume. */
export function checkLive(claim: string, { target, live, users, isBlock }: LiveClaim): Failure[] {
  const { namespace } = target;
  if (isBlock) return [failure('precondition', `claim ${claim} has no files: it is a block device`)];
  const get = commandLine`kubectl get pvc ${claim} -n ${namespace}`;
  if (live === undefined)
    return [
      failure(
        'precondition',
        `persistentvolumeclaim/${claim} does not exist: there is nothing to compare with`,
        { hint: commandLine`kubectl get pvc -n ${namespace}` },
      ),
    ];
  if (live.metadata.deletionTimestamp !== undefined)
    return [failure('precondition', `persistentvolumeclaim/${claim} is being deleted`, { hint: get })];
  if (live.status?.phase !== 'Bound')
    return [
      failure(
        'precondition',
        `persistentvolumeclaim/${claim} is not bound: ${live.status?.phase ?? 'Pending'}`,
        { hint: get },
      ),
    ];
  const [user] = users;
  if (user !== undefined && live.spec.accessModes?.includes('ReadWriteOncePod') === true)
    return [
      failure(
        'precondition',
        `persistentvolumeclaim/${claim} is ReadWriteOncePod, and pod/${user.metadata.name} uses it: no other pod can read it`,
        { hint: 'copy the files of the restore point, and compare them in that pod' },
      ),
    ];
  return [];
}
