/** Fields that only the Restic driver reads. The API server stores them; this program never reads them. */
import { kept, list, string, strings } from '../schema.ts';

export const repository = kept(
  'For Restic: the Repository that holds the data.',
  { name: string('Its name.'), namespace: string('Its namespace.') },
  ['name'],
);

export const task = kept('For Restic: the Task that does the work.', { name: string('Its name.') });

export const tempDir = kept('For Restic: its scratch directory.');

export const volumeMounts = list('For Restic: where the volumes are mounted.', kept('One mount.'));

export const args = strings('For Restic: arguments of the process.');

export const paths = strings('For Restic: files to back up.');

export const exclude = strings('For Restic: files to leave out.');

export const rules = list(
  'For Restic: which snapshot goes to which host.',
  kept('One rule; the first match applies.'),
);

export const interimVolumeTemplate = kept('For Restic: the claim for intermediate data.');
