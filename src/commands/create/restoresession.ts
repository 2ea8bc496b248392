import type { Named } from '#src/api/kubernetes.ts';
import { stashApiVersion } from '#src/api/labels.ts';
import { restoreSessions } from '#src/api/resources.ts';
import type { RestoreSession } from '#src/api/stash.ts';
import { defineCommand, type Args } from '#src/cli/command.ts';
import { claimsFlag, dryRunFlag } from '#src/cli/flags.ts';
import { outputFlag, printOutcome, wouldBe } from '#src/cli/output.ts';
import { printLine } from '#src/cli/print-line.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { targetLabels } from '#src/domain/backup/build-backup.ts';
import { buildClaimTemplate } from '#src/domain/restore/build-claim-template.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { parseNames } from '#src/domain/arguments/object-arguments.ts';
import { parseTargets } from '#src/domain/arguments/target-arguments.ts';
import { targetAnnotation } from '#src/domain/workload/target.ts';
import { isStashError, StashError } from '#src/errors.ts';
import { planRestore } from '#src/session/plan/plan-restore.ts';
import { readerOf, orMissingNamespace } from '#src/session/plan/namespace-reader.ts';

import { driverFlag, refuseRestic, resticFlags } from './restic-flags.ts';

const flags = {
  targetApiversion: { type: 'string', hidden: true, description: 'Follows from the kind.' },
  targetKind: {
    type: 'string',
    valueName: 'KIND',
    description: 'Kind of the workload to which the claims belong, for labels.',
  },
  targetName: { type: 'string', valueName: 'NAME', description: 'Name of the workload.' },
  driver: driverFlag,
  replica: {
    type: 'number',
    minimum: 1,
    valueName: 'N',
    description:
      'Number of replicas: ${POD_ORDINAL} in --claim.name and --claim.datasource stands for 0 to N-1.',
  },
  'claim.name': { type: 'string', valueName: 'NAME', description: 'Name of the claim to create.' },
  'claim.accessModes': {
    type: 'string[]',
    commas: true,
    valueName: 'MODE,...',
    description: 'Access modes of the claim; by default ReadWriteOnce.',
  },
  'claim.storageclass': {
    type: 'string',
    valueName: 'CLASS',
    completes: 'storage-class',
    description: 'StorageClass of the claim.',
  },
  'claim.size': { type: 'string', valueName: 'SIZE', description: 'Size of the claim: 1Gi.' },
  'claim.datasource': {
    type: 'string',
    valueName: 'SNAPSHOT',
    description: 'VolumeSnapshot to restore the claim from.',
  },
  ...resticFlags,
  ...claimsFlag,
  dryRun: dryRunFlag('client', 'server'),
  output: outputFlag('objects'),
} as const;

export const command = defineCommand({
  name: 'create restoresession',
  usage: 'create restoresession NAME --claim.name NAME ... [flags]',
  description: `Create a RestoreSession with the flags of Stash's own plugin, for snapshots only. An operator carries it out. "kubectl stash restore" needs fewer flags.`,
  examples: [
    '# Restore one claim from one snapshot\nkubectl stash create restoresession restore-data \\\n  --claim.name=data-2 --claim.size=1Gi --claim.datasource=data-1732427120',
    "# Restore one claim for each of three replicas\nkubectl stash create restoresession restore-db --replica=3 \\\n  --claim.name='data-db-${POD_ORDINAL}' --claim.size=1Gi \\\n  --claim.datasource='data-db-${POD_ORDINAL}-1732427120'",
  ],
  flags,
  positionals: { name: 'NAME', minimum: 1, maximum: 1 },
  async run(args, context) {
    const { dryRun, output } = args.flags;
    const build = builderOf(args);
    const { cluster, namespace, user } = await context.cluster(args.connection);
    const session = build(namespace);
    const reader = readerOf(cluster, namespace);
    const templates = expandTemplates(session, args.flags.claimsPerSession);
    await orMissingNamespace(reader, planRestore(reader, { templates, user, wait: false }));
    const options = dryRun === 'server' ? { dryRun: true } : {};
    const made = dryRun === 'client' ? session : await cluster.create(restoreSessions, session, options);
    const outcome = dryRun === undefined ? 'created' : wouldBe('created', dryRun);
    await printOutcome(context.out, output, made, outcome);
    if (dryRun !== undefined) return;
    const { name } = made.metadata;
    printLine(
      context.err,
      `to follow it: ${commandLine`kubectl stash wait restoresession/${name} -n ${namespace}`}`,
    );
  },
});

/** Checks the command line before the command connects. Throws 'usage'. */
function builderOf({
  words,
  flags: given,
}: Args<typeof flags>): (namespace: string) => Named<RestoreSession> {
  refuseRestic('restoresession', given);
  const [name = ''] = parseNames(words, 'restoresession');
  const { targetKind, targetName, replica } = given;
  if ((targetKind === undefined) !== (targetName === undefined)) {
    throw new StashError('usage', '--target-kind and --target-name require each other', {
      hint: 'add the missing flag',
    });
  }
  const [workload] =
    targetKind === undefined ? [] : parseTargets([`${targetKind}/${targetName ?? ''}`]).names;
  const template = buildClaimTemplate({
    name: given['claim.name'],
    accessModes: given['claim.accessModes'],
    storageClass: given['claim.storageclass'],
    size: given['claim.size'],
    dataSource: given['claim.datasource'],
  });
  const build = (namespace: string): Named<RestoreSession> => {
    const target = workload && { ...workload, namespace };
    return {
      apiVersion: stashApiVersion,
      kind: 'RestoreSession',
      metadata: {
        name,
        namespace,
        ...(target && { labels: targetLabels(target), annotations: targetAnnotation(target) }),
      },
      spec: {
        driver: 'VolumeSnapshotter',
        target: { replicas: replica ?? 1, volumeClaimTemplates: [template] },
      },
    };
  };
  try {
    expandTemplates(build(''), given.claimsPerSession);
  } catch (error) {
    if (!isStashError(error, 'invalid')) throw error;
    throw new StashError('usage', error.message, { hint: error.hint, cause: error });
  }
  return build;
}
