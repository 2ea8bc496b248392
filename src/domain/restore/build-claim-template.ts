/** Builds a claim template of a RestoreSession from the flags of Stash's own plugin. */
import type { VolumeClaimTemplate } from '#src/api/stash.ts';
import { StashError } from '#src/errors.ts';

import { parseQuantity } from '#src/domain/quantity.ts';

import { accessModes } from './claim-problem.ts';
import { snapshotSource } from './snapshot-source.ts';

export interface ClaimWishes {
  readonly name?: string | undefined;
  readonly accessModes: readonly string[];
  readonly storageClass?: string | undefined;
  readonly size?: string | undefined;
  readonly dataSource?: string | undefined;
}

/** Throws 'usage' for the first flag that is missing or invalid. */
export function buildClaimTemplate(wishes: ClaimWishes): VolumeClaimTemplate {
  const name = needed('name', wishes.name, 'data-restored');
  const dataSource = needed('datasource', wishes.dataSource, 'VOLUMESNAPSHOT');
  const size = needed('size', wishes.size, '1Gi');
  if ((parseQuantity(size) ?? 0n) <= 0n) {
    throw usage(`--claim.size takes a quantity such as 1Gi, not "${size}"`, 'kubectl stash list');
  }
  const modes = wishes.accessModes.map((word) => {
    const mode = accessModes.find((each) => each === word);
    if (mode !== undefined) return mode;
    throw usage(
      `--claim.access-modes takes ${accessModes.join(', ')}, not "${word}"`,
      'write it as it stands there',
    );
  });
  return {
    metadata: { name },
    spec: {
      accessModes: modes.length === 0 ? ['ReadWriteOnce'] : modes,
      ...(wishes.storageClass !== undefined && { storageClassName: wishes.storageClass }),
      resources: { requests: { storage: size } },
      dataSource: snapshotSource(dataSource),
    },
  };
}

function needed(flag: string, value: string | undefined, example: string): string {
  if (value !== undefined && value !== '') return value;
  throw usage(`there is no --claim.${flag}`, `add --claim.${flag} ${example}`);
}

function usage(message: string, hint: string): StashError {
  return new StashError('usage', message, { hint });
}
