/** How a command line names a restore point: by its session, or by a snapshot as `list -o name` prints it. */
import { volumeSnapshots } from '#src/api/resources.ts';

import type { RestorePoint } from './restore-points.ts';

const snapshotTypes = ['vs', volumeSnapshots.kind.toLowerCase(), volumeSnapshots.plural];

/** `text`: `SESSION`, `backupsession/SESSION` or `volumesnapshot.snapshot.storage.k8s.io/NAME`. */
export function isNamed({ session, claims }: RestorePoint, text: string): boolean {
  const name = nameIn(text);
  const [type = ''] = text.split(/[./]/, 1);
  return text.includes('/') && snapshotTypes.includes(type.toLowerCase())
    ? claims.some(({ snapshot }) => snapshot?.metadata.name === name)
    : session === name;
}

/** The name without the type before it. */
export function nameIn(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1);
}
