import { isDeepStrictEqual } from 'node:util';

import { stashCrds } from '#src/api/crds/index.ts';
import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';
import { label, managedBy } from '#src/api/labels.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import { defineCommand } from '#src/cli/command.ts';
import { dryRunFlag, outputFlag } from '#src/cli/flags.ts';
import { printObjects, qualifiedName, toYaml } from '#src/cli/output.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Clock } from '#src/domain/clock.ts';
import { isStashError, StashError } from '#src/errors.ts';

const establishedWithin = 60_000;
const ours = `${label.managedBy}=${managedBy}`;

type Outcome = 'created' | 'configured' | 'unchanged' | "left alone (it belongs to AppsCode's Stash)";

export const command = defineCommand({
  name: 'install',
  usage: 'install --crds [flags]',
  description:
    'Install the CustomResourceDefinitions of the Stash API (BackupConfiguration, BackupSession, RestoreSession). ' +
    "It can be repeated, and it leaves the ones that belong to AppsCode's Stash alone.",
  examples: [
    '# Install the definitions, or bring them up to date\nkubectl stash install --crds',
    '# The same with kubectl\nkubectl stash install --crds -o yaml | kubectl apply -f -',
  ],
  flags: {
    crds: { type: 'boolean', description: 'Install the CustomResourceDefinitions.' },
    dryRun: dryRunFlag('client'),
    output: outputFlag('json', 'yaml'),
  },
  async run({ flags, connection }, context) {
    if (!flags.crds) {
      throw new StashError('usage', 'say what to install; the operator comes with a later release', {
        hint: 'kubectl stash install --crds',
      });
    }
    if (flags.output === 'yaml') {
      context.out.write((await Promise.all(stashCrds.map(toYaml))).join('---\n'));
      return;
    }
    if (flags.output === 'json') {
      await printObjects(context.out, 'json', stashCrds);
      return;
    }
    const { cluster } = await context.cluster(connection);
    const dryRun = flags.dryRun !== undefined;
    const applied = new Set<string>();
    for (const crd of stashCrds) {
      const outcome = await apply(crd, cluster, dryRun);
      context.out.write(`${qualifiedName(crd)} ${outcome}${dryRun ? ' (dry run)' : ''}\n`);
      if (!outcome.startsWith('left alone')) applied.add(nameOf(crd));
    }
    if (!dryRun && applied.size > 0) await untilEstablished(applied, cluster, context, context.signal);
  },
});

/** Does nothing but read with `dryRun`; then what exists counts as to be configured. */
async function apply(crd: CustomResourceDefinition, cluster: Cluster, dryRun: boolean): Promise<Outcome> {
  const existing = await find(nameOf(crd), cluster);
  if (!existing) {
    if (!dryRun) await cluster.create(customResourceDefinitions, crd);
    return 'created';
  }
  if (isAppsCodes(existing)) return "left alone (it belongs to AppsCode's Stash)";
  if (dryRun) return 'configured';
  const { labels, annotations } = crd.metadata;
  const patch = { metadata: { labels, annotations }, spec: crd.spec };
  const patched = await cluster.patch(customResourceDefinitions, { name: nameOf(crd) }, patch);
  // The server fills in defaults, so only its own before and after can be compared.
  return isDeepStrictEqual(written(existing), written(patched)) ? 'unchanged' : 'configured';
}

async function find(name: string, cluster: Cluster): Promise<CustomResourceDefinition | undefined> {
  try {
    return await cluster.get(customResourceDefinitions, name);
  } catch (error) {
    if (isStashError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Their chart labels them; a definition that Helm manages would be overwritten at its next upgrade anyway. */
function isAppsCodes({ metadata }: CustomResourceDefinition): boolean {
  return (
    metadata.labels?.['app.kubernetes.io/name'] === 'stash' ||
    metadata.labels?.[label.managedBy] === 'Helm' ||
    metadata.annotations?.['meta.helm.sh/release-name'] !== undefined
  );
}

function written({ metadata: { labels, annotations }, spec }: CustomResourceDefinition) {
  return { labels, annotations, spec };
}

/** Resolves when the server serves them all; times out after a minute. */
async function untilEstablished(
  names: ReadonlySet<string>,
  cluster: Cluster,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const missing = new Set(names);
  const watching = new AbortController();
  const stop = () => {
    watching.abort();
  };
  const timer = clock.sleep(establishedWithin, AbortSignal.any([signal, watching.signal])).then(stop);
  try {
    for await (const event of cluster.watch(
      customResourceDefinitions,
      { labelSelector: ours },
      watching.signal,
    )) {
      const seen = event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [];
      seen.filter(isEstablished).forEach((crd) => missing.delete(nameOf(crd)));
      if (missing.size === 0) return;
    }
  } finally {
    stop();
    await timer;
  }
  if (signal.aborted) {
    throw new StashError('interrupted', 'interrupted; the definitions are applied', {
      hint: `kubectl get crd -l ${ours}`,
    });
  }
  throw new StashError('timed-out', `the server does not serve yet: ${[...missing].join(', ')}`, {
    hint: `kubectl describe crd ${[...missing].join(' ')}`,
  });
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true;
}

function nameOf(crd: CustomResourceDefinition): string {
  return crd.metadata.name ?? '';
}
