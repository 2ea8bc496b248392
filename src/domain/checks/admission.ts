/**
 * Checks that the API server admits what a session creates. Its answer covers admission webhooks, policies and the
 * state of the namespace.
 */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { apiVersionOf, backupSessions, volumeSnapshots, type Resource } from '#src/api/resources.ts';
import { failure, type Finding } from '#src/domain/finding.ts';
import { sanitize } from '#src/domain/sanitize.ts';

import type { Admission, CheckOfNamespace } from './check.ts';

const name = 'kubectl-stash-doctor';

/**
 * One object of each kind that a snapshot creates, for a dry run. They name a claim and a configuration that need not
 * exist.
 */
const trials = [
  { resource: volumeSnapshots, spec: { source: { persistentVolumeClaimName: name } } },
  { resource: backupSessions, spec: { invoker: { kind: 'BackupConfiguration', name } } },
];

export function admissionTrials(namespace: string): readonly (readonly [Resource, KubernetesObject])[] {
  return trials.map(({ resource, spec }) => [
    resource,
    {
      ...{ apiVersion: apiVersionOf(resource), kind: resource.kind },
      ...{ metadata: { name, namespace }, spec },
    },
  ]);
}

export const admission: CheckOfNamespace = {
  name: 'admission',
  of: 'namespace',
  about:
    'The API server would admit a VolumeSnapshot and a BackupSession: it answers a dry run of their creation, which stores nothing. This finds admission webhooks that are down, policies, and namespaces that are being deleted.',
  rights: trials.map(({ resource }) => ({ verb: 'create', resource }) as const),
  after: ['snapshot-api', 'stash-api', 'rights'],
  find: ({ admission: tried, namespace }) => {
    const findings = tried.flatMap(judge);
    const kinds = tried.map(({ resource }) => resource.plural).join(' and ');
    if (findings.length > 0 || kinds === '') return findings;
    return [{ level: 'ok', message: `the API server admits ${kinds} in namespace ${namespace}` }];
  },
};

const ofAdmission =
  'an administrator finds its cause in the validatingwebhookconfigurations, mutatingwebhookconfigurations and validatingadmissionpolicies of the cluster';

function judge({ resource: { plural }, refusal, hint = ofAdmission }: Admission): Finding[] {
  // The check `quota` says how much is left.
  if (refusal === undefined || refusal.includes('exceeded quota')) return [];
  if (refusal.includes('does not support dry run')) {
    return [{ level: 'unknown', message: sanitize(`whether ${plural} are admitted: ${refusal}`) }];
  }
  return [
    failure('precondition', sanitize(`the API server would not create ${plural}: ${refusal}`), { hint }),
  ];
}
