import { stashCrds } from '#src/api/crds/index.ts';
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { operatorNamespace } from '#src/api/operator.ts';
import { customResourceDefinitions, deployments, leases, namespaces, pods } from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import type { Context } from '#src/cli/context.ts';
import { dryRunFlag } from '#src/cli/flags.ts';
import { outputFlag, printManifests, printOutcome } from '#src/cli/output.ts';
import { printLine, tellOn } from '#src/cli/print-line.ts';
import { clientVersion, ownImage } from '#src/cli/version.ts';
import type { PlacedRight } from '#src/cluster/access.ts';
import { findInstallation } from '#src/cluster/find-installation.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Installation } from '#src/domain/install/bindings.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import { mostReplicas, type InstallOptions, type Manifest } from '#src/domain/install/options.ts';
import { isOurs } from '#src/domain/install/ownership.ts';
import { defaultClaimsPerSession, mostClaimsPerSession } from '#src/domain/spec-limits.ts';
import { isObjectName } from '#src/domain/arguments/object-name.ts';
import { refuseHelms, refuseSecondHome, type Step } from '#src/domain/install/plan.ts';
import { elsewhere, isSamePlace, placeOf, placesOfOperator } from '#src/domain/install/removal.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { StashError } from '#src/errors.ts';
import { applyStep, readPlan, rightsFor, type DryRun } from '#src/install/apply.ts';
import { untilAvailable } from '#src/install/available.ts';
import { hasAppscode } from '#src/cluster/appscode.ts';
import { untilEstablished } from '#src/install/established.ts';
import { demandRights } from '#src/install/rights.ts';

export const command = defineCommand({
  name: 'install',
  usage: 'install [-n NAMESPACE] [flags]',
  description: `Install the operator, which runs BackupConfigurations, BackupSessions and RestoreSessions in the cluster. The command creates the definitions of these kinds, and a Deployment in its own namespace (kubectl-stash, or -n) with the roles that it needs.

Run it again to update an older operator. Settings without a flag then go back to their defaults.

It does not change definitions that belong to AppsCode's Stash. It refuses to install the operator beside AppsCode's: both would carry out the same sessions.`,
  examples: [
    '# Install the operator, or bring it up to date\nkubectl stash install',
    '# Print the manifests, for example to apply them with kubectl\nkubectl stash install -o yaml',
    '# Install it for two namespaces, with permissions in these only\nkubectl stash install --watch-namespaces=demo,shop',
    '# Install only the definitions, to work without an operator\nkubectl stash install --crds',
  ],
  flags: {
    crds: { type: 'boolean', description: 'Install the CustomResourceDefinitions only.' },
    image: {
      type: 'string',
      valueName: 'IMAGE',
      default: ownImage,
      check: checkImage,
      description: 'Image of the operator and of its Jobs.',
    },
    replicas: {
      type: 'number',
      default: 2,
      minimum: 1,
      maximum: mostReplicas,
      description: 'Number of replicas of the operator; one is active, the others stand by.',
    },
    runSessions: {
      type: 'string',
      choices: ['in-jobs', 'in-process'],
      default: 'in-jobs',
      description: 'Where sessions run: each in its own Job, or in the operator process.',
    },
    watchNamespaces: {
      type: 'string[]',
      commas: true,
      valueName: 'NAMESPACE',
      description:
        'Work in these namespaces only, with Roles there in place of ClusterRoles; by default in all namespaces.',
    },
    maxFreeze: {
      type: 'duration',
      valueName: 'DURATION',
      description: 'How long a preBackup hook may keep an application quiesced; by default 60s.',
    },
    sessionsAtOnce: {
      type: 'number',
      minimum: 1,
      valueName: 'N',
      description: 'With --run-sessions=in-process: how many sessions run at the same time; by default 50.',
    },
    claimsPerSession: {
      type: 'number',
      minimum: 1,
      maximum: mostClaimsPerSession,
      valueName: 'N',
      description: `The operator refuses sessions with more claims than this; by default ${defaultClaimsPerSession}.`,
    },
    coverageMetrics: {
      type: 'boolean',
      description: 'The operator serves the metric stash_claims_uncovered.',
    },
    logLevel: {
      type: 'string',
      choices: ['debug', 'info', 'warn', 'error'],
      description: 'Log level of the operator; by default info.',
    },
    wait: { type: 'boolean', default: true, description: 'Wait until the operator is available.' },
    timeout: { type: 'duration', default: '2m', description: 'How long to wait for the operator.' },
    dryRun: dryRunFlag('client', 'server'),
    output: outputFlag('value'),
  },
  async run({ flags, connection }, context) {
    const { namespace = operatorNamespace } = connection;
    checkFlags(flags);
    const { image, replicas, runSessions, maxFreeze, dryRun, output } = flags;
    const { sessionsAtOnce, claimsPerSession, coverageMetrics, logLevel } = flags;
    const options = {
      ...{ namespace, image, replicas, runSessions, version: clientVersion },
      ...{ maxFreezeMs: maxFreeze, sessionsAtOnce, claimsPerSession, coverageMetrics, logLevel },
      watchNamespaces: watchedBy(flags),
    };
    const manifests = [...definitions, ...(flags.crds ? [] : operatorManifests(options))];
    if (output !== undefined) {
      const objects = manifests.map(({ object }) => object);
      await printManifests(context.out, output, objects);
      return;
    }
    const { cluster, user } = await context.cluster(connection);
    if (!flags.crds && (await hasAppscode(cluster))) throw twoOperators();
    const installed = flags.crds ? undefined : await findInstallation(cluster);
    refuseHelms(installed);
    refuseSecondHome(installed, namespace);
    await refuseAbsent(cluster, flags.crds ? [] : options.watchNamespaces);
    const steps = await readPlan(cluster, manifests);
    const outdated = await findOutdated(cluster, installed, manifests);
    if (dryRun === undefined) {
      const rights = [...rightsFor(steps), ...rightsBeside(namespace, flags, outdated)];
      await demandRights(
        cluster,
        user,
        rights,
        'ask an administrator to apply the output of this command:\nkubectl stash install -o yaml',
      );
    }

    const say = (object: KubernetesObject, outcome: string) => {
      const where = elsewhere(object.metadata, namespace);
      const words = `${where} ${outcome}${dryRunText[dryRun ?? 'none']}`.trimStart();
      return printOutcome(context.out, undefined, object, words);
    };
    const isDefinition = ({ resource }: Step) => resource === customResourceDefinitions;
    const apply = async (wanted: readonly Step[]) => {
      for (const step of wanted) await say(step.object, await applyStep(cluster, step, { dryRun, steps }));
    };
    await apply(steps.filter(isDefinition));
    if (dryRun === undefined) await served(steps.filter(isDefinition), cluster, context);
    await apply(steps.filter((step) => !isDefinition(step)));
    for (const { resource, object } of outdated) {
      if (dryRun === undefined) await cluster.delete(resource, object.metadata);
      await say(object, 'deleted');
    }
    if (flags.crds || dryRun !== undefined || !flags.wait) return;
    const waiting = {
      cluster,
      clock: context,
      signal: context.signal,
      tell: tellOn(context),
      timeoutMs: flags.timeout,
    };
    await untilAvailable(waiting, namespace, (line) => {
      printLine(context.err, line);
    });
  },
});

/** The API server would refuse it only after the command has written all else. */
function checkImage(image: string): void {
  if (/^\S+$/.test(image)) return;
  throw new StashError('usage', `--image takes the name of an image, not "${image}"`);
}

function checkFlags({
  runSessions,
  maxFreeze,
  sessionsAtOnce,
}: Pick<InstallOptions, 'runSessions' | 'sessionsAtOnce'> & {
  readonly maxFreeze: number | undefined;
}): void {
  if (maxFreeze === 0) {
    throw new StashError('usage', '--max-freeze 0 leaves no time to cut a snapshot', {
      hint: 'use --max-freeze 60s',
    });
  }
  if (sessionsAtOnce !== undefined && runSessions !== 'in-process') {
    throw new StashError('usage', `--sessions-at-once has no effect with --run-sessions=${runSessions}`, {
      hint: 'leave it out, or add --run-sessions=in-process',
    });
  }
}

const dryRunText = {
  none: '',
  client: ' (dry run)',
  server: ' (server dry run)',
} satisfies Record<NonNullable<DryRun> | 'none', string>;

const definitions: Manifest[] = stashCrds.map((crd) => ({
  resource: customResourceDefinitions,
  object: { ...crd, metadata: { ...crd.metadata, name: crd.metadata.name ?? '' } },
}));

/** Resolves once the API server serves the applied definitions. */
async function served(steps: readonly Step[], cluster: Cluster, context: Context): Promise<void> {
  const names = steps.filter((step) => step.do !== 'leave').map(({ object }) => object.metadata.name);
  if (names.length === 0) return;
  await untilEstablished(names, { cluster, clock: context, signal: context.signal, tell: tellOn(context) });
}

/** Sorted and once each; undefined: all. Throws 'usage' for a name that no namespace can have. */
function watchedBy({ watchNamespaces: given }: { readonly watchNamespaces: readonly string[] }) {
  const wrong = given.find((name) => !isObjectName(name) || name.includes('.'));
  if (wrong !== undefined) {
    throw new StashError('usage', `--watch-namespaces: "${wrong}" is not the name of a namespace`);
  }
  return given.length === 0 ? undefined : [...new Set(given)].sort();
}

async function refuseAbsent(cluster: Cluster, watched: readonly string[] = []): Promise<void> {
  const found = await Promise.all(watched.map((name) => find(cluster, namespaces, { name })));
  const absent = watched.filter((_, index) => found[index] === undefined);
  const [first] = absent;
  if (first === undefined) return;
  throw new StashError('precondition', `--watch-namespaces: no namespace ${absent.join(', ')}`, {
    hint: commandLine`kubectl create namespace ${first}`,
  });
}

/** What an earlier `install` created with other flags, and this one does not need: such as roles in other namespaces. */
async function findOutdated(
  cluster: Cluster,
  installed: Installation | undefined,
  manifests: readonly Manifest[],
): Promise<Manifest[]> {
  if (installed === undefined) return [];
  const wanted = manifests.map(placeOf);
  const places = placesOfOperator(installed).filter(
    (place) => place.resource !== leases && !wanted.some(isSamePlace(place)),
  );
  const found = await Promise.all(
    places.map(async ({ resource, ...at }) => ({ resource, object: await find(cluster, resource, at) })),
  );
  return found.flatMap(({ resource, object }) => (object && isOurs(object) ? [{ resource, object }] : []));
}

function rightsBeside(
  namespace: string,
  { crds, wait }: { readonly crds: boolean; readonly wait: boolean },
  outdated: readonly Manifest[],
): PlacedRight[] {
  return [
    { verb: 'watch', resource: customResourceDefinitions },
    ...(crds || !wait
      ? []
      : ([deployments, pods].map((resource) => ({
          verb: 'watch',
          resource,
          namespace,
        })) satisfies PlacedRight[])),
    ...outdated.map(
      ({ resource, object }) =>
        ({ verb: 'delete', resource, namespace: object.metadata.namespace }) satisfies PlacedRight,
    ),
  ];
}

function twoOperators(): StashError {
  return new StashError(
    'precondition',
    "AppsCode's Stash operator runs in this cluster; both would carry out the same sessions",
    {
      hint: "the commands snapshot and restore work with AppsCode's operator; to install this one, uninstall AppsCode's first",
    },
  );
}
