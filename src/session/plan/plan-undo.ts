/** Plans `undo`: finds what it means for a session, and what is in the way before anything is written. */
import { commandLine } from '#src/domain/command-line.ts';
import { accept, failure, refuse } from '#src/domain/finding.ts';
import { checkInPlace } from '#src/domain/in-place/check-in-place.ts';
import { chooseStop, type StopWish } from '#src/domain/in-place/choose-stop.ts';
import { buildAdopting, buildUndo, chooseUndo, type UndoPlan } from '#src/domain/in-place/undo.ts';
import { claimsBeyondLimits } from '#src/domain/quota/limit-ranges.ts';
import { podsControlledBy } from '#src/domain/workload/owned-pods.ts';
import type { Target } from '#src/domain/workload/target.ts';

import { demand } from './in-place-rights.ts';
import type { NamespaceReader } from './namespace-reader.ts';
import { claimInPlace, podsWithClaims, readObject, readOthers, readReplicaSets } from './read-in-place.ts';
import { rightsForInPlace } from './rights-needed.ts';

export interface UndoRequest {
  /** The RestoreSession that the user names. */
  readonly session: string;
  readonly stop: StopWish;
  /** `--also`: other workloads whose pods use the claims and may be stopped. */
  readonly also: readonly Pick<Target, 'kind' | 'name'>[];
  readonly now: Date;
  /** The user's name, for messages. */
  readonly user: string;
}

/** Reads and writes nothing. Rejects with a StashError for the first problem. */
export async function planUndo(reader: NamespaceReader, request: UndoRequest): Promise<UndoPlan> {
  const { namespace } = reader;
  const { session, also, now, user } = request;
  const [restoreSessions, volumes, claims] = await Promise.all([
    reader.restoreSessions(),
    reader.volumes(),
    reader.claims(),
  ]);
  const scene = { session, namespace, restoreSessions, claims };
  const choice = chooseUndo({ ...scene, volumes: [...(volumes?.values() ?? [])] });
  if ('failure' in choice) await reader.namespaceExists();
  const undo = accept(choice);
  const { target } = undo;
  if (undo.do !== 'begin' && undo.do !== 'adopt') return undo;
  const object = await readObject(reader, target);
  const others = await readOthers(reader, also);
  const stop = accept(chooseStop(request.stop, object, also.length > 0));
  await demand(reader, user, rightsForInPlace(target.kind, stop.method));
  if (undo.do === 'adopt') {
    return { do: 'adopt', target, session: buildAdopting({ ...undo, session, also }, claims, now) };
  }

  const pods = await podsWithClaims(reader);
  const owners = await readReplicaSets(reader, pods);
  const ours = [object, ...others].flatMap((each) => podsControlledBy(each.kind, each.object, pods, owners));
  const names = undo.kept.map(({ swapped }) => swapped.claim);
  const live = claims.filter(({ metadata }) => names.includes(metadata.name));
  refuse(
    names
      .filter((name) => live.every(({ metadata }) => metadata.name !== name))
      .map((name) =>
        failure('precondition', `claim ${name} does not exist: there is nothing to go back from`, {
          hint: commandLine`kubectl get persistentvolumeclaims -n ${namespace}`,
        }),
      ),
  );
  const inPlace = live.map((claim) => claimInPlace(claim, { volumes, pods, owners, ours }));
  const backupSessions = await reader.sessions();
  refuse(
    checkInPlace({
      ...{
        target,
        claims: inPlace,
        volumes: [...(volumes?.values() ?? [])],
        restoreSessions,
        backupSessions,
      },
      // The user was asked about the operator before the restore.
      ...{ database: undefined, yesOperator: true, otherWays: undefined },
    }),
  );
  refuse(claimsBeyondLimits(await reader.limitRanges(), live));
  return {
    ...{ do: 'begin', target, kept: undo.kept },
    session: buildUndo({ ...undo, session, also }, live, stop.method, now),
  };
}
