/** Reads the name of a restore point on a command line: its session, or a snapshot as `list -o name` prints it. */
import { volumeSnapshots } from '#src/api/resources.ts';

import type { RestorePoint } from './restore-points.ts';

const snapshotTypes = ['vs', volumeSnapshots.kind.toLowerCase(), volumeSnapshots.plural];

/**
 * Whether `text` names the restore point: `SESSION`, `backupsession/SESSION` or
 * `volumesnapshot.snapshot.storage.k8s.io/NAME`.
 */
export function isNamed({ session, claims }: RestorePoint, text: string): boolean {
  const name = nameIn(text);
  const [type = ''] = text.split(/[./]/, 1);
  return text.includes('/') && snapshotTypes.includes(type.toLowerCase())
    ? claims.some(({ snapshot }) => snapshot?.metadata.name === name)
    : session === name;
}

/** Returns the name without the type before it. */
export function nameIn(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1);
}
