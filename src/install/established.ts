import type { CustomResourceDefinition } from '#src/api/kubernetes.ts';
import { customResourceDefinitions } from '#src/api/resources.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { ours } from '#src/domain/install/ownership.ts';
import { isStashError, StashError } from '#src/errors.ts';

import { until, type Waiting } from './until.ts';

const establishedWithinMs = 60_000;

/**
 * Resolves when the API server serves these definitions. Throws 'timed-out' after a minute, or 'interrupted'.
 */
export async function untilEstablished(
  names: readonly string[],
  waiting: Omit<Waiting, 'timeoutMs'>,
): Promise<void> {
  const missing = new Set(names);
  try {
    const { done } = await until(
      { ...waiting, timeoutMs: establishedWithinMs },
      customResourceDefinitions,
      { labelSelector: ours },
      (definitions) => {
        for (const crd of definitions.filter(isEstablished)) missing.delete(crd.metadata.name);
        return missing.size === 0;
      },
    );
    if (done) return;
  } catch (error) {
    if (!isStashError(error, 'interrupted')) throw error;
    throw new StashError('interrupted', 'interrupted; the CustomResourceDefinitions are applied', {
      hint: commandLine`kubectl get crd -l ${ours}`,
    });
  }
  throw new StashError(
    'timed-out',
    `timed out waiting for the API server to serve ${[...missing].join(', ')}`,
    {
      hint: commandLine`kubectl describe crd ${[...missing]}`,
    },
  );
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True') === true;
}
