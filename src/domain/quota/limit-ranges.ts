/** Finds the claims that a LimitRange would not admit, before the command creates anything. */
import type { LimitRange, Stored } from '#src/api/kubernetes.ts';
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { commandLine } from '#src/domain/command-line.ts';
import { failure, type Failure } from '#src/domain/finding.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { sanitize } from '#src/domain/sanitize.ts';

/** Returns a failure for each claim that exceeds a limit. `ranges` are those of the claims' namespace. */
export function claimsBeyondLimits(
  ranges: readonly Stored<LimitRange>[],
  claims: readonly Pick<VolumeClaimTemplate, 'metadata' | 'spec'>[],
): Failure[] {
  return claims.flatMap(({ metadata, spec }) => {
    const size = spec.resources?.requests?.['storage'] ?? '';
    return ranges.flatMap((range) =>
      whyBeyond(range, size).map((why) => {
        const { name, namespace = '' } = range.metadata;
        const claim = `claim ${metadata.name ?? ''} of ${size}`;
        return failure('precondition', sanitize(`limitrange ${name} does not admit ${claim}: ${why}`), {
          hint: commandLine`kubectl describe limitrange ${name} -n ${namespace}`,
        });
      }),
    );
  });
}

function whyBeyond({ spec }: LimitRange, size: string): string[] {
  const limits = (spec?.limits ?? []).filter(({ type }) => type === 'PersistentVolumeClaim');
  return limits.flatMap(({ min, max }) => [
    ...(isLess(size, min?.['storage']) ? [`it must be at least ${min?.['storage']}`] : []),
    ...(isLess(max?.['storage'], size) ? [`it must be at most ${max?.['storage']}`] : []),
  ]);
}

/** Returns false if one of the quantities is absent or malformed. */
function isLess(a = '', b = ''): boolean {
  const [less, more] = [parseQuantity(a), parseQuantity(b)];
  return less !== undefined && more !== undefined && less < more;
}
