/** Data that tells which claim of which pod it belongs to, and whether it was written before or after a snapshot. */
import type { Workload } from '#src/api/kubernetes.ts';
import type { Resource } from '#src/api/resources.ts';

import { mountPath } from './manifests.ts';
import type { Place } from './place.ts';

/** A workload whose claims are restored in place. */
export interface InPlaceCase {
  readonly name: string;
  readonly resource: Resource<Workload>;
  readonly workload: Workload;
  /** As a command names the workload: `deploy/demo`. */
  readonly word: string;
  readonly claims: readonly string[];
  readonly pods: number;
  readonly stop: 'scale' | 'gate';
}

export async function write(
  place: Place,
  { workload, claims, pods }: InPlaceCase,
  text: string,
): Promise<void> {
  for (const [index, pod] of (await running(place, workload, pods)).entries())
    for (const path of pathsIn(workload, claims)) await place.sh(pod, `echo ${text}-${index} > ${path}`);
}

export async function read(place: Place, { workload, claims, pods }: InPlaceCase): Promise<string[]> {
  const names = await running(place, workload, pods);
  const texts = names.flatMap((pod) => pathsIn(workload, claims).map((path) => place.sh(pod, `cat ${path}`)));
  return Promise.all(texts);
}

function running(place: Place, { metadata }: Workload, pods: number): Promise<string[]> {
  return place.running(metadata.name ?? '', pods);
}

function pathsIn({ kind }: Workload, claims: readonly string[]): string[] {
  const volumes = kind === 'StatefulSet' ? ['source-data'] : claims;
  return volumes.map((volume) => `${mountPath(volume)}/proof`);
}
