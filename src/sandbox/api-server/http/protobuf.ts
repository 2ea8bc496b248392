/**
 * The few protobuf messages that clients send without negotiating, with the fields that they set: kubectl for `create
 * namespace|deployment|configmap|job|cronjob|serviceaccount|token|role|rolebinding` and `auth can-i|whoami`, Helm for
 * the Secrets of its releases. Field numbers are those of Kubernetes' published `generated.proto`
 * files.
 */
import type { JsonObject } from '../json.ts';
import { badRequest, unsupportedMediaType } from '../status.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';
export const openapiV2Type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

type FieldType =
  'string' | 'int' | 'bool' | 'bytes' | 'strings' | 'map' | 'bytesMap' | Message | readonly [Message];
interface Message {
  readonly [number: number]: readonly [name: string, type: FieldType];
}

const metadata: Message = {
  1: ['name', 'string'],
  3: ['namespace', 'string'],
  11: ['labels', 'map'],
  12: ['annotations', 'map'],
  13: [
    'ownerReferences',
    [
      {
        1: ['kind', 'string'],
        3: ['name', 'string'],
        4: ['uid', 'string'],
        5: ['apiVersion', 'string'],
        6: ['controller', 'bool'],
        7: ['blockOwnerDeletion', 'bool'],
      },
    ],
  ],
};
const port: Message = { 3: ['containerPort', 'int'], 4: ['protocol', 'string'] };
const variable: Message = {
  1: ['name', 'string'],
  2: ['value', 'string'],
  3: ['valueFrom', { 1: ['fieldRef', { 1: ['apiVersion', 'string'], 2: ['fieldPath', 'string'] }] }],
};
const container: Message = {
  1: ['name', 'string'],
  2: ['image', 'string'],
  3: ['command', 'strings'],
  4: ['args', 'strings'],
  6: ['ports', [port]],
  7: ['env', [variable]],
  14: ['imagePullPolicy', 'string'],
};
const podSpec: Message = {
  2: ['containers', [container]],
  3: ['restartPolicy', 'string'],
  4: ['terminationGracePeriodSeconds', 'int'],
  7: ['nodeSelector', 'map'],
  8: ['serviceAccountName', 'string'],
};
const template: Message = { 1: ['metadata', metadata], 2: ['spec', podSpec] };
const jobSpec: Message = {
  1: ['parallelism', 'int'],
  2: ['completions', 'int'],
  3: ['activeDeadlineSeconds', 'int'],
  6: ['template', template],
  7: ['backoffLimit', 'int'],
  8: ['ttlSecondsAfterFinished', 'int'],
  14: ['podReplacementPolicy', 'string'],
};
const cronJobSpec: Message = {
  1: ['schedule', 'string'],
  3: ['concurrencyPolicy', 'string'],
  4: ['suspend', 'bool'],
  5: ['jobTemplate', { 1: ['metadata', metadata], 2: ['spec', jobSpec] }],
};
const rule: Message = {
  1: ['verbs', 'strings'],
  2: ['apiGroups', 'strings'],
  3: ['resources', 'strings'],
  4: ['resourceNames', 'strings'],
};
const role: Message = { 1: ['metadata', metadata], 2: ['rules', [rule]] };
const subject: Message = {
  1: ['kind', 'string'],
  2: ['apiGroup', 'string'],
  3: ['name', 'string'],
  4: ['namespace', 'string'],
};
const binding: Message = {
  1: ['metadata', metadata],
  2: ['subjects', [subject]],
  3: ['roleRef', { 1: ['apiGroup', 'string'], 2: ['kind', 'string'], 3: ['name', 'string'] }],
};
const deploymentSpec: Message = {
  1: ['replicas', 'int'],
  2: ['selector', { 1: ['matchLabels', 'map'] }],
  3: ['template', template],
};
const resourceAttributes: Message = {
  1: ['namespace', 'string'],
  2: ['verb', 'string'],
  3: ['group', 'string'],
  5: ['resource', 'string'],
  7: ['name', 'string'],
};

const messages: Readonly<Record<string, Message>> = {
  'v1 ConfigMap': { 1: ['metadata', metadata], 2: ['data', 'map'], 3: ['binaryData', 'bytesMap'] },
  'v1 DeleteOptions': {
    1: ['gracePeriodSeconds', 'int'],
    2: ['preconditions', { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] }],
    4: ['propagationPolicy', 'string'],
    5: ['dryRun', 'strings'],
  },
  'v1 Namespace': { 1: ['metadata', metadata] },
  'v1 Secret': { 1: ['metadata', metadata], 2: ['data', 'bytesMap'], 3: ['type', 'string'] },
  'v1 ServiceAccount': { 1: ['metadata', metadata] },
  'apps/v1 Deployment': { 1: ['metadata', metadata], 2: ['spec', deploymentSpec] },
  'batch/v1 CronJob': { 1: ['metadata', metadata], 2: ['spec', cronJobSpec] },
  'batch/v1 Job': { 1: ['metadata', metadata], 2: ['spec', jobSpec] },
  'rbac.authorization.k8s.io/v1 ClusterRole': role,
  'rbac.authorization.k8s.io/v1 ClusterRoleBinding': binding,
  'rbac.authorization.k8s.io/v1 Role': role,
  'rbac.authorization.k8s.io/v1 RoleBinding': binding,
  'authentication.k8s.io/v1 SelfSubjectReview': {},
  'authentication.k8s.io/v1 TokenRequest': {
    2: ['spec', { 1: ['audiences', 'strings'], 4: ['expirationSeconds', 'int'] }],
  },
  'authorization.k8s.io/v1 SelfSubjectAccessReview': {
    2: ['spec', { 1: ['resourceAttributes', resourceAttributes] }],
  },
};

const envelope: Message = {
  1: ['type', { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] }],
  2: ['raw', 'bytes'],
};

/** Throws UnsupportedMediaType for any other kind. */
export function decodeProtobuf(bytes: Buffer): JsonObject {
  if (bytes.subarray(0, 4).toString('latin1') !== 'k8s\0')
    throw badRequest('not a Kubernetes protobuf message');
  const { type, raw } = decode(bytes.subarray(4), envelope) as {
    type?: { apiVersion?: string; kind?: string };
    raw?: Buffer;
  };
  const { apiVersion = '', kind = '' } = type ?? {};
  const message = messages[`${apiVersion} ${kind}`];
  if (!message) throw unsupportedMediaType(['application/json', 'application/yaml']);
  return { apiVersion, kind, ...decode(raw ?? Buffer.alloc(0), message) };
}

function decode(bytes: Buffer, message: Message): JsonObject {
  const result: JsonObject = {};
  let offset = 0;

  function varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[offset++];
      if (byte === undefined) throw badRequest('a protobuf message ends early');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  function take(length: number): Buffer {
    if (offset + length > bytes.length) throw badRequest('a protobuf message ends early');
    return bytes.subarray(offset, (offset += length));
  }

  while (offset < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    const value = wire === 0 ? varint() : take(wire === 2 ? varint() : wire === 1 ? 8 : 4);
    const field = message[Math.floor(tag / 8)];
    if (field) put(result, field[0], field[1], value);
  }
  return result;
}

/** Go clients write every scalar, so zero and the empty string may mean "not set". */
function put(result: JsonObject, name: string, type: FieldType, value: number | Buffer): void {
  if (typeof value === 'number') {
    if (type === 'int') result[name] = value;
    if (type === 'bool') result[name] = value === 1;
    return;
  }
  if (type === 'string') {
    if (value.length > 0) result[name] = value.toString();
  } else if (type === 'bytes') result[name] = value;
  else if (type === 'strings')
    result[name] = [...((result[name] as string[] | undefined) ?? []), value.toString()];
  else if (type === 'map' || type === 'bytesMap') {
    const entry = decode(value, { 1: ['key', 'string'], 2: ['value', 'bytes'] }) as {
      key?: string;
      value?: Buffer;
    };
    const text = entry.value?.toString(type === 'map' ? 'utf8' : 'base64') ?? '';
    result[name] = { ...(result[name] as JsonObject | undefined), [entry.key ?? '']: text };
  } else if (isRepeated(type)) {
    result[name] = [...((result[name] as unknown[] | undefined) ?? []), decode(value, type[0])];
  } else if (typeof type === 'object') result[name] = decode(value, type);
}

function isRepeated(type: FieldType): type is readonly [Message] {
  return Array.isArray(type);
}

/**
 * The OpenAPI v2 document `{swagger: "2.0", info: {title, version}}`, which describes no kind. kubectl
 * requests it, only in protobuf, to validate a `kind: List`, and accepts kinds that it does not describe.
 */
export const emptyOpenapiV2: Buffer = bytesField(1, Buffer.from('2.0'), [
  bytesField(2, bytesField(1, Buffer.from('sandbox'), [bytesField(2, Buffer.from('v1'))])),
]);

/** Encodes a field of fewer than 128 bytes, followed by the fields `rest`. */
function bytesField(number: number, value: Buffer, rest: readonly Buffer[] = []): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, value.length]), value, ...rest]);
}
