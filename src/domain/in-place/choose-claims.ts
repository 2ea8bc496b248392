/** Chooses the claims to restore in place. */
import type { PersistentVolumeClaim, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { noChoice, type Choice } from '#src/domain/finding.ts';
import { describeClaim, restoreFrom } from '#src/domain/restore-points/choose-point.ts';
import type { RestorePoint } from '#src/domain/restore-points/restore-points.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

import { inPlaceCommand } from '#src/domain/restore/restore-command.ts';

import { refuseSwappedClaims } from './unfinished-swap.ts';

export interface ClaimsScene {
  readonly target: Target;
  readonly point: RestorePoint;
  /** The names of the target's claims, whether they exist or not. */
  readonly ofTarget: readonly string[];
  /** All claims of the namespace. */
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
  readonly restoreSessions: readonly Stored<RestoreSession>[];
  /** `--only`. If empty, all claims of the target. */
  readonly only: readonly string[];
}

export interface ChosenClaim {
  readonly claim: Stored<PersistentVolumeClaim>;
  readonly snapshot: Stored<VolumeSnapshot>;
}

export interface ChosenClaims {
  readonly chosen: readonly ChosenClaim[];
  /** Claims of the restore point that the target no longer uses. The restore leaves them as they are. */
  readonly unused: readonly string[];
}

/** Returns a failure for a claim that the restore point, the target or the namespace does not have. */
export function chooseClaims(scene: ClaimsScene): Choice<ChosenClaims> {
  const { target, point, ofTarget, claims, restoreSessions, only } = scene;
  const of = formatTarget(target);
  const inPoint = new Map(point.claims.map((each) => [each.claim, each]));
  const wanted = only.length === 0 ? ofTarget : only;
  const strange = only.filter((name) => !ofTarget.includes(name));
  if (strange.length > 0) {
    return noChoice('not-found', sanitize(`${of} does not use claim ${strange.join(', ')}`), {
      hint: sanitize(`its claims are ${ofTarget.join(', ')}`),
    });
  }
  const lacking = wanted.filter((name) => !inPoint.has(name));
  if (lacking.length > 0) {
    const rest = wanted.filter((name) => inPoint.has(name));
    const why = `restore point ${point.session} has no claim ${lacking.join(', ')} of ${of}`;
    return noChoice('precondition', sanitize(why), {
      hint:
        rest.length === 0
          ? commandLine`kubectl stash list ${of} -n ${target.namespace}`
          : `only the others:\n${inPlaceCommand(target, point.session, rest)}`,
    });
  }
  const live = new Map(claims.map((claim) => [claim.metadata.name, claim]));
  const gone = wanted.filter((name) => !live.has(name));
  if (gone.length > 0) {
    const [swapped] = refuseSwappedClaims({ target, claims: gone }, restoreSessions);
    if (swapped !== undefined) return { failure: swapped };
    const why = `claim ${gone.join(', ')} does not exist: there is nothing to keep`;
    return noChoice('precondition', sanitize(`cannot restore in place: ${why}`), {
      hint: restoreFrom(target, point, gone),
    });
  }
  const chosen: ChosenClaim[] = [];
  for (const name of wanted) {
    const [claim, source] = [live.get(name), inPoint.get(name)];
    if (!claim || !source) continue;
    const { snapshot, state } = source;
    if (!snapshot || (state !== 'ready' && state !== 'late')) {
      return noChoice('precondition', describeClaim(source));
    }
    chosen.push({ claim, snapshot });
  }
  const unused = only.length > 0 ? [] : [...inPoint.keys()].filter((name) => !ofTarget.includes(name));
  return { value: { chosen, unused } };
}
