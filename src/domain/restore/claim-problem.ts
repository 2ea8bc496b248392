/** Finds why the API server will refuse a claim of a template. */
import type { AccessMode, PersistentVolumeClaimSpec, VolumeMode } from '#src/api/kubernetes.ts';
import { parseQuantity } from '#src/domain/quantity.ts';
import { quoted } from '#src/domain/quoted.ts';

export const accessModes: readonly AccessMode[] = [
  'ReadWriteOnce',
  'ReadOnlyMany',
  'ReadWriteMany',
  'ReadWriteOncePod',
];
const volumeModes: readonly VolumeMode[] = ['Filesystem', 'Block'];

export interface ClaimProblem {
  /** The problem, worded to follow the template's name and `has`. */
  readonly what: string;
  readonly hint: string;
}

/** Returns the first problem with the fields of the spec. They come from a file, which may contain any text. */
export function claimProblem(spec: PersistentVolumeClaimSpec): ClaimProblem | undefined {
  const modes: readonly string[] = spec.accessModes ?? [];
  const example = 'write accessModes: [ReadWriteOnce]';
  if (modes.length === 0) return { what: 'no spec.accessModes', hint: example };
  const unknown = modes.find((mode) => !accessModes.some((each) => each === mode));
  if (unknown !== undefined) {
    const known = accessModes.join(', ');
    return { what: `the access mode ${quoted(unknown)}, which is none of ${known}`, hint: example };
  }
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    return {
      what: 'the access mode ReadWriteOncePod beside others',
      hint: 'write accessModes: [ReadWriteOncePod]',
    };
  }
  const mode: string = spec.volumeMode ?? 'Filesystem';
  if (!volumeModes.some((each) => each === mode)) {
    const what = `the volumeMode ${quoted(mode)}, which is none of ${volumeModes.join(', ')}`;
    return { what, hint: 'write volumeMode: Filesystem, or leave it out' };
  }
  const { storage } = spec.resources?.requests ?? {};
  if (storage === undefined || (parseQuantity(storage) ?? 0n) > 0n) return undefined;
  return { what: `a request of ${quoted(storage)}, which is no size`, hint: 'write storage: 1Gi' };
}
