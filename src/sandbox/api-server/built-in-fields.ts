/**
 * The fields of built-in kinds that manifests may contain. The server drops other fields, or rejects them if
 * the client asks for strict validation.
 */
import type { JsonSchema } from '#src/api/kubernetes.ts';

const open: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true };

/**
 * Describes an object with the space-separated fields `names`. A field that `deeper` does not describe may
 * hold any value.
 */
function fields(names: string, deeper: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  const named = Object.fromEntries(names.split(' ').map((name) => [name, open]));
  return { type: 'object', properties: { ...named, ...deeper } };
}

function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

const container = fields(
  'args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy ' +
    'resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce targetContainerName ' +
    'terminationMessagePath terminationMessagePolicy tty volumeDevices workingDir',
  {
    env: list(fields('name value valueFrom')),
    volumeMounts: list(
      fields('mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr'),
    ),
  },
);

const podSpec = fields(
  'activeDeadlineSeconds affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases ' +
    'hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets nodeName nodeSelector os ' +
    'overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims resources restartPolicy ' +
    'runtimeClassName schedulerName schedulingGates schedulingGroup securityContext serviceAccount ' +
    'serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds ' +
    'tolerations topologySpreadConstraints volumes workloadRef',
  { containers: list(container), initContainers: list(container), ephemeralContainers: list(container) },
);

const claimSpec = fields(
  'accessModes dataSource dataSourceRef selector storageClassName volumeAttributesClassName volumeMode volumeName',
  { resources: fields('limits requests') },
);

function object(spec: JsonSchema): JsonSchema {
  return fields('apiVersion kind metadata status', { spec });
}

const template = fields('metadata', { spec: podSpec });
const replicated = object(fields('minReadySeconds replicas selector', { template }));

const jobSpec = fields(
  'activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy manualSelector ' +
    'maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy selector successPolicy suspend ' +
    'ttlSecondsAfterFinished',
  { template },
);

/** By collection; a kind that is missing here may have any field. */
export const builtInFields: Readonly<Record<string, JsonSchema | undefined>> = {
  '/configmaps': fields('apiVersion kind metadata binaryData data immutable'),
  '/secrets': fields('apiVersion kind metadata data immutable stringData type'),
  '/persistentvolumeclaims': object(claimSpec),
  '/pods': object(podSpec),
  '/replicationcontrollers': replicated,
  'apps/replicasets': replicated,
  'apps/daemonsets': object(
    fields('minReadySeconds revisionHistoryLimit selector updateStrategy', { template }),
  ),
  'apps/deployments': object(
    fields('minReadySeconds paused progressDeadlineSeconds replicas revisionHistoryLimit selector strategy', {
      template,
    }),
  ),
  'batch/jobs': object(jobSpec),
  'batch/cronjobs': object(
    fields(
      'concurrencyPolicy failedJobsHistoryLimit schedule startingDeadlineSeconds successfulJobsHistoryLimit ' +
        'suspend timeZone',
      { jobTemplate: fields('metadata', { spec: jobSpec }) },
    ),
  ),
  'apps/statefulsets': object(
    fields(
      'minReadySeconds ordinals persistentVolumeClaimRetentionPolicy podManagementPolicy replicas ' +
        'revisionHistoryLimit selector serviceName updateStrategy',
      { template, volumeClaimTemplates: list(object(claimSpec)) },
    ),
  ),
};
