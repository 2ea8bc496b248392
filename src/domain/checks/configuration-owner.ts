/** Whether a GitOps tool would undo what a command has changed in a configuration. */
import { managedBy } from '#src/api/labels.ts';
import { backupConfigurations } from '#src/api/resources.ts';
import { managersOf } from '#src/domain/in-place/managers.ts';
import { sanitize } from '#src/domain/sanitize.ts';
import { gitopsToolOf, isGitopsManager } from '#src/domain/workload/gitops-tool.ts';

import type { CheckOfConfiguration } from './check.ts';

/** What `schedule`, `pause` and `resume` write. */
const fields = ['schedule', 'paused', 'retentionPolicy'] as const;

export const configurationOwner: CheckOfConfiguration = {
  name: 'configuration-owner',
  of: 'configuration',
  about:
    'No command has changed the schedule, the retention policy or `paused` of a configuration that Argo CD, Flux or Helm keeps: the next sync would undo the change. The marks of the tool and metadata.managedFields tell.',
  lists: [backupConfigurations],
  find(_, configuration) {
    const writersOf = (field: string) =>
      managersOf(configuration, ['spec', field]).flatMap(({ manager }) => manager ?? []);
    const owner =
      gitopsToolOf(configuration) ??
      [...new Set(fields.flatMap(writersOf))].find((manager) => isGitopsManager(manager));
    if (owner === undefined) return [];
    const changed = fields.filter((field) => writersOf(field).includes(managedBy));
    if (changed.length === 0) {
      return [
        { level: 'ok', message: sanitize(`${owner} owns it: change its schedule in Git or in its chart`) },
      ];
    }
    const paths = changed.map((field) => `spec.${field}`).join(', ');
    return [
      {
        level: 'warn',
        message: sanitize(`${owner} owns it, and a command has changed ${paths}: the next sync undoes that`),
        hint: 'make the same change in Git or in the chart',
      },
    ];
  },
};
