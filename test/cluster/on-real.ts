/**
 * Runs test files on a control plane: on one that is started for them, or on those that they start
 * themselves.
 */
import { driverName } from '#src/sandbox/storage/driver.ts';
import { stashGroup } from '#src/api/labels.ts';
import { readDefinitions } from '#test/support/read-definitions.ts';

import type { RateLimits } from './components.ts';
import { startControlPlane } from './control-plane.ts';
import { madeImages } from './node/images.ts';
import { currentPlace } from './node/place.ts';
import type { Programs } from './programs.ts';
import type { TestResult } from './results-reporter.ts';
import { runTests } from './run-tests.ts';

export interface RealRun {
  readonly files: readonly string[];
  /** Each file starts its own control plane. */
  readonly ownControlPlane: boolean;
  readonly concurrency: number;
  readonly rateLimits: RateLimits;
  /** Directory of definitions that replace our own of the Stash kinds. */
  readonly definitions?: string | undefined;
}

export async function testOnReal(
  { files, ownControlPlane, concurrency, rateLimits, definitions }: RealRun,
  { programs, signal, say }: { programs: Programs; signal: AbortSignal; say: (line: string) => void },
): Promise<TestResult[]> {
  if (ownControlPlane) return runTests({ files, concurrency, signal, environment: {} });
  const place = await currentPlace();
  const images = place ? await madeImages(place.layouts) : [];
  const began = performance.now();
  const controlPlane = await startControlPlane({
    programs,
    rateLimits,
    ...(definitions !== undefined && { stashDefinitions: await readDefinitions(definitions, stashGroup) }),
    onError: say,
  });
  try {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(`the suite on a real control plane: up after ${seconds} s, client rate limits ${rateLimits}`);
    return await runTests({
      files,
      concurrency,
      signal,
      environment: {
        E2E_KUBECONFIG: controlPlane.kubeconfig,
        E2E_STORAGE_CLASS: 'sandbox',
        E2E_STORAGE_CLASS_WAIT: 'sandbox-wait',
        E2E_SNAPSHOT_CLASS: 'sandbox',
        E2E_DRIVER: driverName,
        E2E_IMAGES: images.join(' '),
        E2E_STASH_CRDS: definitions,
      },
    });
  } finally {
    await controlPlane.stop();
  }
}
