/** Reads the options of a write: dry run, field validation, propagation. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { DeletionRequest, WriteRequest } from '../api.ts';
import { oneOf } from '../field-errors.ts';
import { listAt, objectAt, type JsonObject } from '../json.ts';
import { invalid, type ApiError } from '../status.ts';
import type { ResourceRequest } from './request.ts';

export function writeRequest(
  { subresource, query }: ResourceRequest,
  request: IncomingMessage,
  response: ServerResponse,
): WriteRequest {
  const wanted = query.get('fieldValidation') ?? 'Warn';
  if (wanted !== 'Ignore' && wanted !== 'Warn' && wanted !== 'Strict') {
    throw unsupportedOption('CreateOptions', 'fieldValidation', wanted, ['', 'Ignore', 'Strict', 'Warn']);
  }
  const dryRun = query.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All')) {
    throw unsupportedOption('CreateOptions', 'dryRun', dryRun, ['All']);
  }
  return {
    dryRun: dryRun.length > 0,
    subresource: subresource === 'status' || subresource === 'scale' ? subresource : undefined,
    fieldValidation: wanted,
    warn: warner(response),
    manager: query.get('fieldManager') ?? request.headers['user-agent']?.split('/')[0],
  };
}

/** Returns a function that sends each distinct warning once. */
function warner(response: ServerResponse): (message: string) => void {
  const given = new Set<string>();
  return (message) => {
    if (!given.has(message)) response.appendHeader('warning', `299 - ${JSON.stringify(message)}`);
    given.add(message);
  };
}

function unsupportedOption(
  kind: string,
  field: string,
  value: unknown,
  supported: readonly string[],
): ApiError {
  const resource = { group: 'meta.k8s.io', version: 'v1', kind, plural: '', namespaced: false };
  return invalid(resource, '', oneOf(field, [value], supported));
}

export function deletionRequest(body: JsonObject, query: URLSearchParams): DeletionRequest {
  const propagation = body['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined;
  const grace = body['gracePeriodSeconds'] ?? query.get('gracePeriodSeconds') ?? undefined;
  const { uid, resourceVersion } = objectAt(body, 'preconditions');
  const known = propagation === 'Foreground' || propagation === 'Background' || propagation === 'Orphan';
  if (propagation !== undefined && !known) {
    throw unsupportedOption('DeleteOptions', 'propagationPolicy', propagation, [
      ...['Foreground', 'Background', 'Orphan', 'nil'],
    ]);
  }
  const orphans = body['orphanDependents'] ?? query.get('orphanDependents') ?? undefined;
  const older = orphans === true || orphans === 'true' || orphans === '1' ? 'Orphan' : 'Background';
  return {
    dryRun: query.getAll('dryRun').includes('All') || listAt(body, 'dryRun').includes('All'),
    ...(typeof uid === 'string' && { uid }),
    ...(typeof resourceVersion === 'string' && { resourceVersion }),
    ...(known ? { propagation } : orphans !== undefined && { propagation: older }),
    ...(grace !== undefined && { gracePeriodSeconds: Number(grace) }),
  };
}
