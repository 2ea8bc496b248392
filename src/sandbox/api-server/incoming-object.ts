/** Checks an object as the client sent it, before admission. */
import { randomInt } from 'node:crypto';

import type { ObjectMeta } from '#src/api/kubernetes.ts';
import { apiVersionOf } from '#src/api/resources.ts';

import { check } from './field-errors.ts';
import { isObject, objectAt, without, withoutNulls, type JsonObject } from './json.ts';
import type { Kind } from './kind.ts';
import type { ApiObject, StoredObject } from './object.ts';
import { badRequest, conflict, invalid } from './status.ts';

/** Returns the body as an object of this kind. Throws BadRequest if its kind is missing or another one. */
export function decode(kind: Kind, body: unknown): ApiObject {
  if (!isObject(body)) throw badRequest('the body of the request is not an object');
  const apiVersion = apiVersionOf(kind);
  if (kind.custom && (body['kind'] ?? '') === '') {
    const given = JSON.stringify(body);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): Object 'Kind' is missing in '${given}'`,
    );
  }
  if ((body['apiVersion'] ?? apiVersion) !== apiVersion || (body['kind'] ?? kind.kind) !== kind.kind) {
    throw badRequest(
      `${String(body['kind'])} in version "${String(body['apiVersion'])}" cannot be handled as a ${kind.kind}: ` +
        `expected ${kind.kind} in version "${apiVersion}"`,
    );
  }
  if (body['metadata'] !== undefined && body['metadata'] !== null && !isObject(body['metadata'])) {
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled: metadata is not an object`,
    );
  }
  const metadata = withoutNulls(without(objectAt(body, 'metadata'), 'managedFields')) as ObjectMeta;
  const rest = (kind.custom ? body : withoutNulls(body)) as JsonObject;
  return { ...rest, apiVersion, kind: kind.kind, metadata: metadata };
}

/** Returns `generateName` followed by five random characters; undefined without a `generateName`. */
export function generatedName(metadata: ObjectMeta, isFree: (name: string) => boolean): string | undefined {
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  if (metadata.generateName === undefined || metadata.generateName === '') return undefined;
  for (;;) {
    const suffix = Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
    const name = metadata.generateName.slice(0, 58) + suffix;
    if (isFree(name)) return name;
  }
}

/** Throws Conflict if the write names another version, or another object of the same name. */
export function checkPreconditions(
  kind: Kind,
  current: StoredObject,
  wanted: ObjectMeta,
  name: string,
): void {
  if (wanted.name !== undefined && wanted.name !== name) {
    throw badRequest(`the name of the object (${wanted.name}) does not match the name on the URL (${name})`);
  }
  if (wanted.namespace !== undefined && wanted.namespace !== current.metadata.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (kind.custom && (wanted.resourceVersion ?? '') === '') {
    throw invalid(
      { ...kind, kind: kind.plural },
      name,
      check(false, 'metadata.resourceVersion', 0, 'must be specified for an update'),
    );
  }
  if (wanted.uid !== undefined && wanted.uid !== current.metadata.uid) {
    const both = `UID in precondition: ${wanted.uid}, UID in object meta: ${current.metadata.uid}`;
    throw conflict(kind, name, `Precondition failed: ${both}`);
  }
  if ((wanted.resourceVersion ?? '') !== '' && wanted.resourceVersion !== current.metadata.resourceVersion) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(kind, name, why);
  }
}
