/** Reads targets, and the pods on which their claims depend. */
import type { KubernetesObject, Pod, Stored } from '#src/api/kubernetes.ts';
import { persistentVolumeClaims, pods, type Resource } from '#src/api/resources.ts';
import type { BackupConfiguration } from '#src/api/stash.ts';
import { find } from '#src/cluster/find.ts';
import { forEachBounded } from '#src/cluster/for-each-bounded.ts';
import { valueOf, type Facts, type Read, type Subject } from '#src/domain/checks/check.ts';
import { needsPods } from '#src/domain/workload/claims.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { formatTarget, type Target } from '#src/domain/workload/target.ts';

import { podsOfWorkload } from '#src/session/hooks/pods-of-target.ts';

import type { NamespaceReader } from './namespace-reader.ts';
import { listOrLacking, orLacking } from './or-lacking.ts';

/** Requests under way at the same time. */
const inFlight = 8;

/** What `doctor` has to examine. */
export interface Wanted {
  readonly target: Target;
  readonly configuration: Stored<BackupConfiguration> | undefined;
}

export async function readSubjects(
  reader: NamespaceReader,
  listed: Facts['listed'],
  wanted: readonly Wanted[],
): Promise<Subject[]> {
  const read = new Map<string, Pick<Subject, 'object' | 'pods'>>();
  const targets = [...new Map(wanted.map(({ target }) => [formatTarget(target), target])).values()];
  const readEach = targetReader(reader, listed, targets);
  await forEachBounded(targets, inFlight, async (target) => {
    const object = await readEach(target);
    read.set(formatTarget(target), { object, pods: await readPods(reader, object) });
  });
  return wanted.flatMap((each) => {
    const found = read.get(formatTarget(each.target));
    return found ? [{ ...each, ...found }] : [];
  });
}

export function readTarget({ cluster }: NamespaceReader, target: Target): Promise<Subject['object']> {
  const { kind, name, namespace } = target;
  const { resource } = targetTypes[kind];
  return orLacking({ verb: 'get', resource }, namespace, async () => {
    const object = await find(cluster, resource, { name, namespace });
    return object && { kind, object };
  });
}

/** For more targets of a kind, one list of the kind is cheaper than a request for each. */
const fewTargets = 8;

function targetReader(
  reader: NamespaceReader,
  listed: Facts['listed'],
  targets: readonly Target[],
): (target: Target) => Promise<Subject['object']> {
  const { cluster, namespace } = reader;
  const ofKind = Map.groupBy(targets, ({ kind }) => kind);
  const lists = new Map<Resource, Promise<Read<readonly Stored<KubernetesObject>[]>>>([
    [persistentVolumeClaims, Promise.resolve(listed(persistentVolumeClaims))],
  ]);
  const listOf = (resource: Resource) => {
    const list = lists.get(resource) ?? listOrLacking(cluster, resource, { namespace });
    lists.set(resource, list);
    return list;
  };
  return async (target) => {
    const { kind, name } = target;
    const { resource } = targetTypes[kind];
    const count = ofKind.get(kind)?.length ?? 0;
    if (kind === 'PersistentVolumeClaim' || count > fewTargets) {
      const all = await listOf(resource);
      if ('value' in all) {
        const object = all.value.find(({ metadata }) => metadata.name === name);
        return { value: object && { kind, object } };
      }
    }
    return readTarget(reader, target);
  };
}

export function readPods(
  { cluster, namespace }: NamespaceReader,
  object: Subject['object'],
): Promise<Read<Pod[]>> {
  const found = valueOf(object);
  if (found === undefined || !needsPods(found)) return Promise.resolve({ value: [] });
  const workload = found.object as Stored<KubernetesObject>;
  return orLacking({ verb: 'list', resource: pods }, namespace, () =>
    podsOfWorkload(cluster, found.kind, workload),
  );
}
