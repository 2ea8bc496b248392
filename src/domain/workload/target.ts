/** The target of a snapshot or restore: a workload or a claim. */
import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { apiVersionOf } from '#src/api/resources.ts';

import { readJson } from '#src/domain/json.ts';
import { targetTypes, type TargetKind } from './kinds.ts';

export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
  readonly namespace: string;
}

export function targetApiVersion(kind: TargetKind): string {
  return apiVersionOf(targetTypes[kind].resource);
}

/** `deployment/foo`, as kubectl prints it. */
export function formatTarget(target: { readonly kind: string; readonly name: string }): string {
  return `${target.kind.toLowerCase()}/${target.name}`;
}

export function isTargetKind(kind: string | undefined): kind is TargetKind {
  return kind !== undefined && Object.hasOwn(targetTypes, kind);
}

/**
 * Returns the target in our annotation on a session or snapshot. Undefined if the annotation is missing or malformed.
 */
export function readTarget({ metadata }: KubernetesObject): Target | undefined {
  const { namespace = '', annotations } = metadata;
  const value = readJson(annotations?.[annotation.target]) as Partial<Target> | undefined;
  const { kind, name } = value ?? {};
  return isTargetKind(kind) && typeof name === 'string' ? { kind, name, namespace } : undefined;
}

/** Returns the reference to a target, as specs and statuses contain it. */
export function refOf({ kind, name }: Target): { apiVersion: string; kind: TargetKind; name: string } {
  return { apiVersion: targetApiVersion(kind), kind, name };
}

/** Returns the annotation that `readTarget` reads. */
export function targetAnnotation(target: Target): Record<string, string> {
  return { [annotation.target]: JSON.stringify(refOf(target)) };
}

/** Returns the target that a reference names, in the namespace of the object with the reference. */
export function targetOfRef(
  { kind, name }: { readonly kind?: string | undefined; readonly name?: string | undefined } = {},
  { metadata }: KubernetesObject,
): Target | undefined {
  if (!isTargetKind(kind) || name === undefined) return undefined;
  return { kind, name, namespace: metadata.namespace ?? '' };
}
