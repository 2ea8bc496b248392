/** Decides what `undo` of a restore in place means, by what is left of that session. */
import type { Named, PersistentVolume, PersistentVolumeClaim, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, noChoice, type Choice, type Failure } from '#src/domain/finding.ts';
import { buildRestoreSession } from '#src/domain/restore/build-restore.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { readTarget, type Target } from '#src/domain/workload/target.ts';

import { backCommand, goOnCommand } from './in-place-command.ts';
import {
  alsoStopped,
  formatRecord,
  isInPlace,
  readRecord,
  type InPlaceRecord,
  type StopMethod,
} from './record.ts';
import { readSwapped, type SwappedVolume } from './swapped-volume.ts';

export interface UndoScene {
  /** The session that the user names. */
  readonly session: string;
  readonly namespace: string;
  readonly restoreSessions: readonly Stored<RestoreSession>[];
  /** All volumes of the cluster. */
  readonly volumes: readonly Stored<PersistentVolume>[];
  /** All claims of the namespace. */
  readonly claims: readonly Stored<PersistentVolumeClaim>[];
}

export interface KeptVolume {
  readonly volume: Stored<PersistentVolume>;
  readonly swapped: SwappedVolume;
}

export type Undo =
  /** It has not deleted a claim yet: leave everything as it was. */
  | { readonly do: 'abandon'; readonly session: Stored<RestoreSession>; readonly target: Target }
  /** It has: bring it to its end first, then undo it. */
  | { readonly do: 'finish-first'; readonly session: Stored<RestoreSession>; readonly target: Target }
  /** An earlier `undo` of it has not ended. */
  | { readonly do: 'go-on'; readonly session: Stored<RestoreSession>; readonly target: Target }
  /** Its session is gone, and its swap has not ended: bring it to its end in a new session first. */
  | { readonly do: 'adopt'; readonly pairs: readonly AdoptedPair[]; readonly target: Target }
  | { readonly do: 'begin'; readonly kept: readonly KeptVolume[]; readonly target: Target };

export interface AdoptedPair {
  readonly kept: KeptVolume;
  readonly incoming: KeptVolume;
}

/** Which session the command carries out, and what for. */
export type UndoPlan =
  | {
      readonly do: Exclude<Undo['do'], 'adopt' | 'begin'>;
      readonly session: Stored<RestoreSession>;
      readonly target: Target;
    }
  | { readonly do: 'adopt'; readonly session: Named<RestoreSession>; readonly target: Target }
  | {
      readonly do: 'begin';
      readonly session: Named<RestoreSession>;
      readonly target: Target;
      readonly kept: readonly KeptVolume[];
    };

export function chooseUndo(scene: UndoScene): Choice<Undo> {
  const { session: name, namespace, restoreSessions, claims } = scene;
  const unfinished = restoreSessions.filter(
    (session) => isInPlace(session) && !isFinal(session) && volumesOf(session) === name,
  );
  for (const session of unfinished) {
    const target = readTarget(session);
    const record = readRecord(session);
    if (target === undefined || record === undefined) {
      return noChoice(
        'precondition',
        `restoresession/${session.metadata.name} has no record that can be read`,
        {
          hint: commandLine`kubectl describe restoresession ${session.metadata.name} -n ${namespace}`,
        },
      );
    }
    if (session.metadata.name !== name) return { value: { do: 'go-on', session, target } };
    const stands = record.claims.every((each) =>
      claims.some(
        ({ metadata }) =>
          metadata.name === each.name &&
          metadata.uid === each.uid &&
          metadata.deletionTimestamp === undefined,
      ),
    );
    if (!stands && record.method === 'recreate') {
      return noVolumes(session, ['bring it to its end first:', goOnCommand(session)]);
    }
    return { value: { do: stands ? 'abandon' : 'finish-first', session, target } };
  }

  const recreated = restoreSessions.find(({ metadata }) => metadata.name === name);
  if (recreated !== undefined && readRecord(recreated)?.method === 'recreate') return noVolumes(recreated);
  const touched = scene.volumes.flatMap((volume): KeptVolume[] => {
    const swapped = readSwapped(volume);
    return swapped?.session === name && swapped.namespace === namespace ? [{ volume, swapped }] : [];
  });
  const kept = touched
    .filter(({ swapped }) => swapped.role === 'kept')
    .toSorted((a, b) => (a.swapped.claim < b.swapped.claim ? -1 : 1));
  const [first] = kept;
  if (first === undefined) return { failure: nothingKept(scene) };
  const target = { ...first.swapped.target, namespace };
  const pairs = touched
    .filter(({ swapped }) => swapped.role === 'incoming')
    .flatMap((incoming) => {
      const old = kept.find(({ swapped }) => swapped.claim === incoming.swapped.claim);
      return old ? [{ kept: old, incoming }] : [];
    });
  return { value: pairs.length > 0 ? { do: 'adopt', pairs, target } : { do: 'begin', kept, target } };
}

/** The failure where a session has kept no volumes, or none any more: says where the user may have meant. */
export function nothingKept({
  session: name,
  namespace,
  restoreSessions,
  volumes,
}: Pick<UndoScene, 'session' | 'namespace' | 'restoreSessions' | 'volumes'>): Failure {
  const look = commandLine`kubectl stash volumes -n ${namespace}`;
  const named = restoreSessions.find(({ metadata }) => metadata.name === name);
  if (named !== undefined && !isInPlace(named)) {
    const why = `restoresession/${name} did not restore in place: it has kept no volumes`;
    return failure('precondition', why, { hint: look });
  }
  const other = named && volumesOf(named);
  if (other !== undefined && other !== name) {
    const why = `restoresession/${name} undid a restore: the volumes are kept under restoresession/${other}`;
    return failure('precondition', why, { hint: look });
  }
  const [elsewhere] = volumes.flatMap((volume) => {
    const swapped = readSwapped(volume);
    return swapped?.session === name ? [swapped.namespace] : [];
  });
  const message = `no volumes are kept of restoresession/${name} in namespace ${namespace}`;
  return elsewhere === undefined
    ? failure('not-found', message, { hint: look })
    : failure('not-found', sanitize(`${message}, but in namespace ${elsewhere}`), {
        hint: commandLine`kubectl stash volumes -n ${elsewhere}`,
      });
}

/** It has deleted the claims, and their volumes with them. */
function noVolumes(session: Stored<RestoreSession>, first: readonly string[] = []): Choice<never> {
  const { name } = session.metadata;
  const { before = '' } = readRecord(session) ?? {};
  return noChoice(
    'precondition',
    `restoresession/${name} kept no volumes: the data from before it is in backupsession/${before}`,
    { hint: [...first, 'to go back to that data:', backCommand(session)].join('\n') },
  );
}

function volumesOf(session: Stored<RestoreSession>): string {
  return readRecord(session)?.volumesOf ?? session.metadata.name;
}

interface Undoing {
  readonly target: Target;
  /** The session that is undone. */
  readonly session: string;
  /** `--also` */
  readonly also: readonly Pick<Target, 'kind' | 'name'>[];
}

/** The session that brings back what `kept` holds; `live`: the claims that have the names now. */
export function buildUndo(
  { kept, target, session, also }: Undoing & { readonly kept: readonly KeptVolume[] },
  live: readonly Stored<PersistentVolumeClaim>[],
  stop: StopMethod,
  at: Date,
): Named<RestoreSession> {
  const claims = kept.flatMap(({ volume, swapped }) => {
    const claim = live.find(({ metadata }) => metadata.name === swapped.claim);
    if (claim?.spec.volumeName === undefined) return [];
    const { name, uid } = claim.metadata;
    return [{ name, uid, volume: claim.spec.volumeName, incoming: volume.metadata.name }];
  });
  return sessionOf(
    target,
    { v: 1, method: 'swap', stop, volumesOf: session, ...alsoStopped(also), claims },
    at,
  );
}

/** No claim has this UID: the one that had the name is gone. */
const gone = 'gone';

/** The session that ends a swap whose own session was deleted. How many replicas there were is not known any more. */
export function buildAdopting(
  { pairs, target, session, also }: Undoing & { readonly pairs: readonly AdoptedPair[] },
  live: readonly Stored<PersistentVolumeClaim>[],
  at: Date,
): Named<RestoreSession> {
  const claims = pairs.map(({ kept, incoming }) => {
    const { claim } = kept.swapped;
    const found = live.find(
      ({ metadata, spec }) => metadata.name === claim && spec.volumeName === kept.volume.metadata.name,
    );
    return {
      name: claim,
      uid: found?.metadata.uid ?? gone,
      volume: kept.volume.metadata.name,
      incoming: incoming.volume.metadata.name,
    };
  });
  return sessionOf(
    target,
    { v: 1, method: 'swap', stop: 'gate', volumesOf: session, ...alsoStopped(also), claims },
    at,
  );
}

function sessionOf(target: Target, record: InPlaceRecord, at: Date): Named<RestoreSession> {
  const annotations = { [annotation.inPlace]: formatRecord(record) };
  return buildRestoreSession({ target, templates: [], at, annotations });
}
