import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { volumeSnapshots, type Resource } from '#src/api/resources.ts';
import type { BackupSession } from '#src/api/stash.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import { confirm } from '#src/cli/confirm.ts';
import type { Connection } from '#src/cli/context.ts';
import { allOrErrors, settleAll } from '#src/cli/ends.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { outputFlag, printObjects, qualifiedName } from '#src/cli/output.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { combineErrors } from '#src/domain/combine-errors.ts';
import {
  backupSessionEffects,
  joinEffects,
  restoreSessionEffects,
  snapshotEffects,
  type DeleteEffects,
  type DeleteScene,
} from '#src/domain/restore-points/delete-effects.ts';
import { isFor } from '#src/domain/configuration/choose-configuration.ts';
import { unfinishedSwapEffects } from '#src/domain/in-place/delete-effects.ts';
import { isInPlace } from '#src/domain/in-place/record.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { objectsNamed, workloadNamed } from '#src/domain/restore-points/deletable.ts';
import {
  joinType,
  parseObjects,
  resourceOf,
  type ObjectArgument,
  type ObjectType,
} from '#src/domain/arguments/object-arguments.ts';
import { parseTarget, targetKindOf } from '#src/domain/arguments/target-arguments.ts';
import { accept } from '#src/domain/finding.ts';
import { pointsNamed } from '#src/domain/restore-points/named-points.ts';
import { restorePoints, snapshotsOfPoint } from '#src/domain/restore-points/restore-points.ts';
import type { Target } from '#src/domain/workload/target.ts';
import type { Right } from '#src/domain/rights.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { awaitGone } from '#src/follow/await-gone.ts';
import { recordFailures } from '#src/session/after/record-failures.ts';
import { readContents, readDeleteScene } from '#src/session/after/delete-scene.ts';
import { removeAbandoned } from '#src/session/files/remove-abandoned.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

const types: readonly ObjectType[] = ['backupsession', 'restoresession', 'volumesnapshot'];

const flags = {
  restorePoint: {
    type: 'string',
    valueName: 'SESSION',
    completes: 'restore-point',
    description:
      'Delete all snapshots of the restore point that "kubectl stash list" prints under this name.',
  },
  force: {
    type: 'boolean',
    description:
      'Also delete running sessions, pinned restore points, and the last complete restore point of a workload.',
  },
  yes: { type: 'boolean', alias: 'y', description: 'Do not ask for confirmation.' },
  ignoreNotFound: { type: 'boolean', description: 'Treat objects that do not exist as deleted.' },
  wait: { type: 'boolean', default: true, description: 'Wait until the objects are gone.' },
  timeout: {
    type: 'duration',
    valueName: 'DURATION',
    default: '1m',
    description: 'How long to wait.',
  },
  dryRun: dryRunFlag('client'),
  output: outputFlag('names'),
} as const;

export const command = defineCommand({
  name: 'delete',
  usage: 'delete (NAME... | TYPE/NAME... | --restore-point SESSION)',
  description: `Print what depends on sessions and snapshots, and delete them. TYPE is a backupsession, restoresession or volumesnapshot; without it, NAME must stand for one thing only. "kubectl stash delete schedule" deletes a schedule.

Snapshots and claims stay when their session is deleted. A snapshot is not deleted while a claim is being restored from it. Without --force, the command does not delete the last complete restore point of a workload, nor one that a user has pinned or keeps until a later time.`,
  examples: [
    '# Show what depends on a restore point\nkubectl stash delete --restore-point deploy-foo-1732427120 \\\n  --dry-run=client',
    '# Delete a session and keep its snapshots\nkubectl stash delete backupsession deploy-foo-1732427120 --yes',
    '# Delete one snapshot\nkubectl stash delete volumesnapshot/data-1732427120',
  ],
  flags,
  positionals: { name: 'TYPE/NAME' },
  async run(args, context) {
    const { restorePoint, force, yes, dryRun, output, wait, timeout } = args.flags;
    const workload = restorePoint === undefined ? workloadIn(args.words) : undefined;
    const named = workload === undefined ? wantedOf(args) : [];
    const { cluster, namespace, user } = await context.cluster(args.connection);
    const reader = readerOf(cluster, namespace);
    const scene = await readDeleteScene(reader);
    if (workload !== undefined) {
      await reader.namespaceExists();
      const target = { ...workload, namespace };
      const configurations = await reader.configurations();
      throw workloadNamed(
        target,
        scene,
        configurations.some((each) => isFor(each, target)),
      );
    }
    const objects =
      restorePoint === undefined
        ? await found(named, scene, args, namespace, reader.namespaceExists)
        : snapshotsNamed(restorePoint, scene, args, namespace);
    if (objects.length === 0) return;

    const snapshots = new Set(ofKind(objects, 'VolumeSnapshot'));
    const judge = async (seen: DeleteScene) =>
      effectsOf(objects, snapshots, await readContents(reader, seen, snapshots), context.now());
    let effects = await judge(scene);
    for (const note of effects.notes) printLine(context.err, note);
    refuse(effects, force);
    if (dryRun === undefined) {
      await reader.demand(user, rightsFor(objects, wait));
      const what = objects.length === 1 ? 'it' : `these ${objects.length} objects`;
      await confirm(context, [...objects.map(qualifiedName), `Delete ${what}?`], yes);
      if (!yes) {
        // The cluster may have changed while the user decided.
        effects = await judge(await readDeleteScene(readerOf(cluster, namespace)));
        refuse(effects, force);
      }
    }
    const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
    if (dryRun === undefined) {
      await removeAbandoned({ ...environment, now: context.now() }, scene.restoreSessions);
      await recordFailuresOf(environment, objects);
    }
    await allOrErrors(
      objects.map(async (object) => {
        if (dryRun === undefined) await remove({ cluster, namespace }, object);
        const said = `${kindAndGroup(object)} "${object.metadata.name}" deleted`;
        if (output !== undefined) await printObjects(context.out, output, object);
        else printLine(context.out, `${said}${dryRun === undefined ? '' : ' (dry run)'}`);
      }),
    );
    for (const { message } of effects.unlessForced)
      printLine(context.err, `warning: forced, although ${message}`);
    if (dryRun !== undefined || !wait) return;
    await awaitGone(environment, objects, { namespace, timeoutMs: timeout });
  },
});

function refuse({ refusals, unlessForced }: DeleteEffects, force: boolean): void {
  // What --force does not overrule goes first: until then, there is no use in the other hints.
  const error = combineErrors(refusals.length > 0 || force ? refusals : unlessForced);
  if (error) throw error;
}

/** Checks the command line before the command connects. Throws 'usage'. */
function wantedOf({ words, flags: { restorePoint } }: Args<typeof flags>): ObjectArgument[] {
  if (restorePoint !== undefined) {
    if (words.length === 0) return [];
    throw new StashError('usage', `--restore-point and ${words.join(' ')} are mutually exclusive`, {
      hint: 'leave out one of them',
    });
  }
  if (words.length === 0) {
    throw new StashError('usage', 'delete needs NAME or TYPE/NAME, or --restore-point SESSION', {
      hint: 'kubectl stash list',
    });
  }
  return parseObjects(words, types);
}

/** The first workload among the words: `deploy/foo`, or `deploy foo`. */
function workloadIn(words: readonly string[]): Pick<Target, 'kind' | 'name'> | undefined {
  const isType = (word: string) => targetKindOf(word) !== undefined;
  const word = joinType(words, isType).find(
    (each) => each.includes('/') && isType(each.split('/', 1).join()),
  );
  return word === undefined ? undefined : parseTarget(word);
}

/** Throws one error for all that are missing, or that a name alone does not tell apart. */
async function found(
  wanted: readonly ObjectArgument[],
  scene: DeleteScene,
  { flags: { ignoreNotFound } }: Args<typeof flags>,
  namespace: string,
  namespaceExists: () => Promise<void>,
): Promise<Stored<KubernetesObject>[]> {
  const named = wanted.map((each) => Promise.try(() => objectsNamed(each, scene, namespace)));
  const { done, errors } = await settleAll(named);
  const isMissing = (error: StashError) => error.kind === 'not-found';
  if (errors.some(isMissing) && !ignoreNotFound) await namespaceExists();
  const error = combineErrors(errors.filter((each) => !ignoreNotFound || !isMissing(each)));
  if (error) throw error;
  return [...new Set(done.flat())];
}

function snapshotsNamed(
  restorePoint: string,
  scene: DeleteScene,
  { flags: { ignoreNotFound } }: Args<typeof flags>,
  namespace: string,
): Stored<KubernetesObject>[] {
  const points = restorePoints(scene.snapshots, scene.backupSessions);
  const there = points.filter((point) => snapshotsOfPoint(point).length > 0);
  const named = pointsNamed(there, restorePoint, namespace);
  if ('failure' in named && ignoreNotFound) return [];
  return accept(named).flatMap(snapshotsOfPoint);
}

function effectsOf(
  objects: readonly Stored<KubernetesObject>[],
  snapshots: ReadonlySet<string>,
  scene: DeleteScene,
  now: Date,
): DeleteEffects {
  const backups = new Set(ofKind(objects, 'BackupSession'));
  const restores = new Set(ofKind(objects, 'RestoreSession'));
  return joinEffects([
    ...scene.backupSessions
      .filter(({ metadata }) => backups.has(metadata.name))
      .map((session) => backupSessionEffects(session, scene)),
    ...scene.restoreSessions
      .filter(({ metadata }) => restores.has(metadata.name))
      .map((session) =>
        isInPlace(session) && !isFinal(session)
          ? unfinishedSwapEffects(session)
          : restoreSessionEffects(session, scene),
      ),
    snapshotEffects(snapshots, scene, now),
  ]);
}

function rightsFor(objects: readonly Stored<KubernetesObject>[], wait: boolean): Right[] {
  const resources = new Set(objects.map(resourceFor));
  const verbs = ['delete', ...(wait ? (['list', 'watch'] as const) : [])] as const;
  return [...resources].flatMap((resource) => verbs.map((verb) => ({ verb, resource })));
}

function resourceFor({ kind }: Stored<KubernetesObject>): Resource {
  return types.map(resourceOf).find((each) => each.kind === kind) ?? volumeSnapshots;
}

/** Without their sessions, only the snapshots tell that they are of a session that failed. */
async function recordFailuresOf(
  environment: Parameters<typeof recordFailures>[0],
  objects: readonly Stored<KubernetesObject>[],
): Promise<void> {
  const sessions = objects.filter(({ kind }) => kind === 'BackupSession') as Stored<BackupSession>[];
  for (const [name, of] of Map.groupBy(sessions, ({ spec }) => spec.invoker.name)) {
    const { namespace = '' } = of[0]?.metadata ?? {};
    await recordFailures(environment, { name, namespace }, of);
  }
}

/** Deletes the object by UID, so that a new object of the same name stays. */
async function remove(
  { cluster, namespace }: Pick<Connection, 'cluster' | 'namespace'>,
  object: Stored<KubernetesObject>,
): Promise<void> {
  const { metadata } = object;
  try {
    await cluster.delete(resourceFor(object), { name: metadata.name, namespace }, { uid: metadata.uid });
  } catch (error) {
    // It is deleted already.
    if (!isStashError(error, 'not-found')) throw error;
  }
}

function ofKind(objects: readonly Stored<KubernetesObject>[], kind: string): string[] {
  return objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
}

/** `volumesnapshot.snapshot.storage.k8s.io` */
function kindAndGroup(object: Stored<KubernetesObject>): string {
  return qualifiedName(object).split('/', 1).join();
}
