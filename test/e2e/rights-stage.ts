/** The namespace in which commands of a user with few rights run, and a record of what they create. */
import { annotation } from '#src/api/labels.ts';
import {
  backupConfigurations,
  backupSessions,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { targetTypes } from '#src/domain/workload/kinds.ts';
import { claimFrom } from '#test/support/claim-from.ts';
import { census } from './census.ts';
import { claim, deployment } from './manifests.ts';
import { configuration } from './operator/manifests.ts';
import type { Place } from './place.ts';
import type { Identity, Ran } from './plugin.ts';

export interface Stage {
  readonly place: Place;
  /** Runs the plugin as this user; a snapshot's target has no configuration before. */
  run(line: string, identity: Identity): Promise<Ran>;
  /** Resolves with the objects created since the last call. */
  made(): Promise<string[]>;
}

/**
 * Prepares a namespace with a restore point of claim `data`, claim `fresh`, and sessions without an executor.
 */
export async function openStage(place: Place, storageClass: string): Promise<Stage> {
  await place.claims('data', 'fresh');
  await place.succeeds('snapshot pvc/data --executor=local');
  await place.create(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: 'pending' },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'none' } },
  });
  await place.create(restoreSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'pending' },
    spec: {
      driver: 'VolumeSnapshotter',
      target: {
        volumeClaimTemplates: [claimFrom('none', 'never', storageClass)],
      },
    },
  });
  const [taken] = await place.list(volumeSnapshots);
  for (const [name, paused] of [
    ['nightly', false],
    ['weekly', true],
  ] as const) {
    await place.create(backupConfigurations, configuration(name, { spec: { paused } }));
  }
  let known = new Set(await census(place));
  let count = 0;
  return {
    place,
    async run(line, identity) {
      const all = await place.list(backupConfigurations);
      if (all.some(({ metadata }) => metadata.name === 'pvc-fresh'))
        await place.remove(backupConfigurations, 'pvc-fresh');
      const typed = line
        .replace('%', String(++count))
        .replace('SNAPSHOT', taken?.metadata.name ?? '')
        .replace('POINT', taken?.metadata.annotations?.[annotation.sessionName] ?? '');
      return place.stash(typed, { identity });
    },
    async made() {
      const now = await census(place);
      const added = now.filter((name) => !known.has(name));
      known = new Set(now);
      return added;
    },
  };
}

/** Creates workload `app` with no replicas; its claims are `data` and one per pod. */
export async function createWorkload(place: Place, plural: string, storageClass: string): Promise<void> {
  const kind = Object.values(targetTypes).find(({ resource }) => resource.plural === plural);
  const resource: Resource = kind?.resource ?? targetTypes.Deployment.resource;
  const { metadata, spec } = deployment('app', ['data']);
  const volumes = [
    ...(spec.template.spec.volumes ?? []),
    {
      name: 'scratch',
      ephemeral: {
        volumeClaimTemplate: {
          spec: claim('', storageClass).spec,
        },
      },
    },
  ];
  const pod = { ...spec.template.spec, ...(plural === 'pods' && { volumes }) };
  const template = { ...spec.template, spec: pod };
  const selector = resource.group === '' ? spec.selector?.matchLabels : spec.selector;
  const workload = {
    apiVersion: resource.group === '' ? 'v1' : 'apps/v1',
    kind: resource.kind,
    metadata,
    spec: {
      selector,
      template,
      ...(plural !== 'daemonsets' && { replicas: 0 }),
      ...(plural === 'statefulsets' && { serviceName: 'app' }),
    },
  };
  await place.create(resource, workload);
}
