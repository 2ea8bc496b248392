/** Whether the API server admits the pods of the operator's Jobs: pod security, quotas and policies are in its answer. */
import type { Named, Pod, Stored } from '#src/api/kubernetes.ts';
import { appscodeOperatorGroup } from '#src/api/labels.ts';
import { imageRepository } from '#src/api/operator.ts';
import { pods } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { failure } from '#src/domain/finding.ts';
import { checkRuntimeSettings } from '#src/domain/operator/check-runtime-settings.ts';
import { buildPodTemplate } from '#src/domain/operator/pod-template.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import { examined, whereRead, type CheckOfConfiguration, type Facts } from './check.ts';

/** So many different settings are tried. */
const mostTrials = 8;

/** A pod for a dry run, and the configurations whose Jobs have such pods. */
export interface PodTrial {
  readonly pod: Named<Pod>;
  readonly configurations: readonly string[];
}

/** None without an operator of ours: then no Jobs run. */
export function podTrials({
  operator: { installed, lease },
  groups,
  ...facts
}: Pick<Facts, 'operator' | 'groups' | 'listed' | 'target'>): PodTrial[] {
  const hasOperator = [installed, lease].some((read) => 'value' in read && read.value !== undefined);
  if (!hasOperator || groups.includes(appscodeOperatorGroup)) return [];
  const bySettings = Map.groupBy(
    examined(facts).filter(({ spec }) => checkRuntimeSettings(spec.runtimeSettings).length === 0),
    ({ spec }) => JSON.stringify(spec.runtimeSettings ?? {}),
  );
  return [...bySettings.values()].slice(0, mostTrials).flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    return [{ pod: trialOf(first), configurations: alike.map(({ metadata }) => metadata.name) }];
  });
}

/** Without the service account of the Job, which the operator creates with the first session. */
function trialOf({ metadata, spec }: Stored<BackupConfiguration>): Named<Pod> {
  const { namespace = '' } = metadata;
  const template = buildPodTemplate({
    ...{ component: 'snapshotter', args: ['version'], image: imageRepository, serviceAccount: 'default' },
    runtimeSettings: spec.runtimeSettings,
  });
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', spec: template.spec },
    metadata: { ...template.metadata, name: 'kubectl-stash-doctor', namespace },
  };
}

export const jobPods: CheckOfConfiguration = {
  name: 'job-pods',
  of: 'configuration',
  about:
    'Where an operator of ours runs, the API server would admit the pod of a Job of the configuration: it answers a dry run, which stores nothing. This finds pod security standards, policies, quotas and LimitRanges of pods. Whether a node can pull the image shows with the first Job: operator-jobs.',
  rights: [{ verb: 'create', resource: pods }],
  after: ['operator', 'configuration-valid'],
  find: (facts, { metadata: { name } }) => {
    const read = facts.jobPods.get(name);
    if (read === undefined) return [];
    return whereRead(read, ({ refusal }) => {
      if (refusal === undefined)
        return [{ level: 'ok', message: 'the API server admits the pods of its Jobs' }];
      return [
        failure(
          'precondition',
          sanitize(`the API server would not create the pods of its Jobs: ${refusal}`),
          {
            hint: 'set resources, security contexts and labels of the pods in spec.runtimeSettings of the configuration, or change the policy or quota of the namespace',
          },
        ),
      ];
    });
  },
};
