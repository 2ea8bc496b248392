import { persistentVolumes } from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import { confirm } from '#src/cli/confirm.ts';
import type { Context } from '#src/cli/context.ts';
import { throwAll } from '#src/cli/ends.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { parseNames } from '#src/domain/arguments/object-arguments.ts';
import { after } from '#src/domain/clock.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { errorOf } from '#src/domain/finding.ts';
import { forgetEffects, type ForgetScene } from '#src/domain/in-place/forget.ts';
import { keptVolumes, type KeptScene } from '#src/domain/in-place/kept-volumes.ts';
import { nothingKept, type KeptVolume } from '#src/domain/in-place/undo.ts';
import type { DeleteEffects } from '#src/domain/restore-points/delete-effects.ts';
import { isStashError, type StashError } from '#src/errors.ts';
import { forgetVolume, tryForget, type Outcome } from '#src/session/in-place/forget.ts';
import { readKept } from '#src/session/in-place/read-kept.ts';
import { readerOf } from '#src/session/plan/namespace-reader.ts';

const flags = {
  force: {
    type: 'boolean',
    description:
      'Also give volumes up that restore points were cut from, and both volumes of a claim whose swap was interrupted.',
  },
  yes: { type: 'boolean', alias: 'y', description: 'Do not ask for confirmation.' },
  timeout: { type: 'duration', valueName: 'DURATION', default: '1m', description: 'How long to wait.' },
  dryRun: dryRunFlag('client', 'server'),
} as const;

/** So many volumes are given up at once: two watches for each. */
const atOnce = 8;

export const command = defineCommand({
  name: 'forget',
  usage: 'forget RESTORESESSION [flags]',
  description: `Give up the volumes that a restore in place has kept: each gets the reclaim policy back that it had. With policy Delete, the driver then deletes it and its data, and the command waits until it is gone; with Retain it stays, and the command prints how to delete it.

The command prints which data would be lost, and asks before it writes. It does not give up volumes of a swap that has not finished, nor a volume that a claim uses. Some drivers delete snapshots with the volume that they were cut from: without --force, it does not give up a volume that a restore point was cut from.

If it is interrupted, the same command goes on with the volumes that are left.`,
  examples: [
    '# See which volumes are kept, and for which session\nkubectl stash volumes deploy/foo',
    '# Print what would be lost\nkubectl stash forget restore-deploy-foo-1732427120 --dry-run=client',
  ],
  flags,
  positionals: { name: 'RESTORESESSION', minimum: 1, maximum: 1, completes: 'kept-session' },
  async run(args, context) {
    const { force, yes, timeout, dryRun } = args.flags;
    const session = parseNames(args.words, 'restoresession').join();
    const { cluster, namespace, user } = await context.cluster(args.connection);
    const look = async () => readScene(cluster, namespace, session);
    let scene = await look();
    let effects = forgetEffects(scene);
    for (const note of effects.notes) printLine(context.err, note);
    refuse(effects, force);
    if (scene.kept.length === 0) {
      await readerOf(cluster, namespace).namespaceExists();
      const { sessions: restoreSessions, volumes } = scene;
      throw errorOf(nothingKept({ session, namespace, restoreSessions, volumes }));
    }
    const environment = { cluster, clock: context, signal: context.signal, tell: tellOn(context) };
    if (dryRun === undefined) {
      const verbs = ['patch', 'list', 'watch'] as const;
      await readerOf(cluster, namespace).demand(
        user,
        verbs.map((verb) => ({ verb, resource: persistentVolumes })),
      );
      const what = scene.kept.length === 1 ? 'this volume' : `these ${scene.kept.length} volumes`;
      await confirm(context, [`Give up ${what}?`], yes);
      if (!yes) {
        // The cluster may have changed while the user decided.
        scene = await look();
        effects = forgetEffects(scene);
        refuse(effects, force);
      }
    }
    const limit = { until: after(context, timeout), timeoutMs: timeout };
    const errors: StashError[] = [];
    await forEachBounded(scene.kept, atOnce, async (kept) => {
      try {
        if (dryRun === 'server') await tryForget(environment, kept);
        const outcome = dryRun === undefined ? await forgetVolume(environment, kept, limit) : expected(kept);
        tellOutcome(context, kept, outcome, dryRun);
      } catch (error) {
        if (!isStashError(error)) throw error;
        errors.push(error);
      }
    });
    for (const { message } of effects.unlessForced)
      printLine(context.err, `warning: forced, although ${message}`);
    throwAll(errors);
  },
});

async function readScene(
  cluster: Cluster,
  namespace: string,
  session: string,
): Promise<ForgetScene & KeptScene> {
  const reader = readerOf(cluster, namespace);
  const [scene, claims] = await Promise.all([readKept(cluster, namespace, session), reader.claims()]);
  const isOf = ({ swapped }: KeptVolume) => swapped.session === session && swapped.namespace === namespace;
  return { ...scene, session, namespace, claims, kept: keptVolumes(scene).filter(isOf) };
}

function refuse({ refusals, unlessForced }: DeleteEffects, force: boolean): void {
  throwAll([...refusals, ...(force ? [] : unlessForced)]);
}

function expected({ swapped }: KeptVolume): Outcome {
  return swapped.policy === 'Retain' ? 'stays' : 'deleted';
}

function tellOutcome(
  { out, err }: Context,
  { volume }: KeptVolume,
  outcome: Outcome,
  dryRun: 'client' | 'server' | undefined,
): void {
  const { name } = volume.metadata;
  const how = dryRun === undefined ? '' : dryRun === 'server' ? ' (server dry run)' : ' (dry run)';
  printLine(out, `persistentvolume/${name} ${outcome}${how}`);
  if (outcome === 'deleted' || dryRun !== undefined) return;
  const patch = '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}';
  printLine(err, `volume ${name} keeps its data (reclaim policy Retain); to delete both:`);
  printLine(err, commandLine`kubectl patch persistentvolume ${name} -p ${patch}`);
}
