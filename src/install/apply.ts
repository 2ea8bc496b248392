/** Applies an installation plan to a cluster, step by step. */
import { isDeepStrictEqual } from 'node:util';

import type { KubernetesObject, Stored } from '#src/api/kubernetes.ts';
import { namespaces, type Resource } from '#src/api/resources.ts';
import type { PlacedRight } from '#src/cluster/access.ts';
import { find } from '#src/cluster/find.ts';
import type { Cluster } from '#src/cluster/port.ts';
import type { Manifest } from '#src/domain/install/options.ts';
import { planInstall, type Found, type Step } from '#src/domain/install/plan.ts';
import { assertNever, isStashError } from '#src/errors.ts';

export type DryRun = 'client' | 'server' | undefined;

/**
 * Returns the steps that bring the cluster to `manifests`. Only reads. Throws a StashError if an existing
 * object prevents the installation.
 */
export async function readPlan(cluster: Cluster, manifests: readonly Manifest[]): Promise<Step[]> {
  const found = await Promise.all(
    manifests.map(async ({ resource, object }): Promise<Found> => {
      const existing = await find(cluster, resource, object.metadata);
      return { resource, object, existing };
    }),
  );
  return planInstall(found);
}

/** Returns the rights that the steps need. */
export function rightsFor(steps: readonly Step[]): PlacedRight[] {
  return steps.flatMap((step) => {
    if (step.do === 'leave') return [];
    const { resource, object } = step;
    return [{ verb: step.do, resource, namespace: object.metadata.namespace }];
  });
}

/**
 * Applies one step and resolves with its outcome: `created`, `configured`, `unchanged` or `skipped (...)`.
 * A client-side dry run sends no request and reports every existing object as `configured`. A server-side dry
 * run asks the API server, except about objects in a namespace that the installation has yet to create: the
 * server would reject those.
 */
export async function applyStep(
  cluster: Cluster,
  step: Step,
  { dryRun, steps }: { readonly dryRun: DryRun; readonly steps: readonly Step[] },
): Promise<string> {
  const { resource, object } = step;
  switch (step.do) {
    case 'leave':
      return `skipped (${step.why})`;
    case 'create':
      if (dryRun === undefined) {
        const found = await createOrFind(cluster, step);
        return found ? applyStep(cluster, found, { dryRun, steps }) : 'created';
      }
      if (dryRun === 'server' && !hasNoNamespaceYet(object, steps)) {
        await cluster.create(resource, object, { dryRun: true });
      }
      return 'created';
    case 'patch': {
      if (dryRun === 'client') return 'configured';
      const patched = await cluster.patch(resource, object.metadata, patchOf(object), {
        dryRun: dryRun === 'server',
      });
      // Compare two answers of the server: our manifest lacks the defaults that the server fills in.
      return isDeepStrictEqual(writtenFields(step.existing), writtenFields(patched))
        ? 'unchanged'
        : 'configured';
    }
    default:
      return assertNever(step);
  }
}

/**
 * Resolves with undefined if it created the object. If another client created it first, resolves with the
 * step for that object.
 */
async function createOrFind(cluster: Cluster, { resource, object }: Manifest): Promise<Step | undefined> {
  try {
    await cluster.create(resource, object);
    return undefined;
  } catch (error) {
    if (!isStashError(error, 'already-exists')) throw error;
    return (await readPlan(cluster, [{ resource, object }]))[0];
  }
}

function hasNoNamespaceYet({ metadata }: KubernetesObject, steps: readonly Step[]): boolean {
  return steps.some(
    (step) =>
      step.do === 'create' &&
      step.resource === (namespaces as Resource) &&
      step.object.metadata.name === metadata.namespace,
  );
}

function patchOf({ metadata, ...object }: KubernetesObject): object {
  const content: Record<string, unknown> = { ...object };
  delete content['apiVersion'];
  delete content['kind'];
  return { ...content, metadata: { labels: metadata.labels } };
}

/** The fields that an installation writes: controllers change the others on their own. */
function writtenFields({ metadata, ...object }: Stored<KubernetesObject>): object {
  return { ...object, status: undefined, metadata: { labels: metadata.labels } };
}
