/** Validates pods and workloads. */
import { allow, check, required, oneOf } from './field-errors.ts';
import { listAt, objectAt, stringAt, type JsonObject } from './json.ts';
import type { Kind } from './kind.ts';
import { validateLabelName, validateLabels } from './metadata-validation.ts';
import { badRequest, type Cause } from './status.ts';

export function validateWorkload(kind: Kind, spec: JsonObject): Cause[] {
  const template = objectAt(spec, 'template');
  const labels = objectAt(template, 'metadata', 'labels');
  const podSpec = objectAt(template, 'spec');
  const claimTemplates = listAt(spec, 'volumeClaimTemplates').map((it) => stringAt(it, 'metadata', 'name'));
  return [
    ...validateSelector(kind, objectAt(spec, 'selector'), labels),
    ...checkReplicas(kind, spec),
    ...validateLabels('spec.template.metadata.labels', labels as Record<string, string>),
    ...validatePodSpec(podSpec, 'spec.template.spec', claimTemplates),
    ...oneOf('spec.template.spec.restartPolicy', [podSpec['restartPolicy']], ['Always']),
  ];
}

/** Throws BadRequest, as a typed server does, for a number that is no int32. */
export function checkReplicas({ kind, version }: Pick<Kind, 'kind' | 'version'>, spec: JsonObject): Cause[] {
  const { replicas = 0 } = spec;
  if (typeof replicas === 'number' && (replicas | 0) !== replicas) {
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: json: cannot unmarshal number ${replicas} into Go struct field ${kind}Spec.spec.replicas of type int32`,
    );
  }
  return check(Number(replicas) >= 0, 'spec.replicas', replicas, 'must be greater than or equal to 0');
}

function validateSelector(kind: Kind, selector: JsonObject, labels: JsonObject): Cause[] {
  const wanted = kind.kind === 'ReplicationController' ? selector : objectAt(selector, 'matchLabels');
  const isEmpty = Object.keys(selector).length === 0;
  const matches = !isEmpty && Object.entries(wanted).every(([key, value]) => labels[key] === value);
  const given = Object.keys(labels).length > 0 ? labels : null;
  const why = '`selector` does not match template `labels`';
  return [
    ...required(!isEmpty, 'spec.selector'),
    ...check(matches, 'spec.template.metadata.labels', given, why),
  ];
}

/** `moreVolumes`: names that volume mounts may use in addition to the pod's volumes. */
export function validatePodSpec(
  spec: JsonObject,
  path: string,
  moreVolumes: readonly unknown[] = [],
): Cause[] {
  const own = listAt(spec, 'volumes').map((it) => stringAt(it, 'name'));
  const containers = listAt(spec, 'containers');
  const names = containers.map((it) => stringAt(it, 'name'));
  const wrong = own.map((name, index) => validateName(`${path}.volumes[${index}].name`, name, own, index));
  const volumes = [...own.filter((_, index) => wrong[index]?.length === 0), ...moreVolumes];
  return [
    ...wrong.flat(),
    ...required(containers.length, `${path}.containers`),
    ...containers.flatMap((it, index) => [
      ...validateName(`${path}.containers[${index}].name`, names[index], names, index),
      ...validateContainer(objectAt(it), `${path}.containers[${index}]`, volumes),
    ]),
    ...validateInitContainers(listAt(spec, 'initContainers'), names, `${path}.initContainers`, volumes),
  ];
}

/** `taken`: names of the pod's other containers. */
function validateInitContainers(
  containers: readonly unknown[],
  taken: readonly (string | undefined)[],
  path: string,
  volumes: readonly unknown[],
): Cause[] {
  const names = [...taken, ...containers.map((it) => stringAt(it, 'name'))];
  return containers.flatMap((it, index) => {
    const field = `${path}[${index}]`;
    const container = objectAt(it);
    const isSidecar = container['restartPolicy'] === 'Always';
    const why = 'may not be set for init containers without restartPolicy=Always';
    return [
      ...validateName(`${field}.name`, names[taken.length + index], names, taken.length + index),
      ...validateContainer(container, field, volumes),
      ...['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) =>
        allow(isSidecar || container[name] === undefined, `${field}.${name}`, why),
      ),
    ];
  });
}

/** `all`: the names in the same list; `name` is at `index`. */
function validateName(
  field: string,
  name: string | undefined,
  all: readonly (string | undefined)[],
  index: number,
): Cause[] {
  if (name === undefined || name === '') return required(name, field);
  if (all.indexOf(name) === index) return validateLabelName(field, name);
  return [{ reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${JSON.stringify(name)}` }];
}

function validateContainer(container: JsonObject, path: string, volumes: readonly unknown[]): Cause[] {
  return [
    ...required(stringAt(container, 'image'), `${path}.image`),
    ...validateMounts(container, 'volumeMounts', 'mountPath', path, volumes),
    ...validateMounts(container, 'volumeDevices', 'devicePath', path, volumes),
  ];
}

function validateMounts(
  container: JsonObject,
  list: 'volumeMounts' | 'volumeDevices',
  pathField: 'mountPath' | 'devicePath',
  path: string,
  volumes: readonly unknown[],
): Cause[] {
  return listAt(container, list).flatMap((mount, index): Cause[] => {
    const field = `${path}.${list}[${index}]`;
    const name = stringAt(mount, 'name') ?? '';
    const message = `Not found: ${JSON.stringify(name)}`;
    return [
      ...required(stringAt(mount, pathField), `${field}.${pathField}`),
      ...(volumes.includes(name)
        ? []
        : [{ reason: 'FieldValueNotFound', field: `${field}.name`, message } as const]),
    ];
  });
}
