/** What the commands of a user with few rights find in a namespace, and what they leave there. */
import {
  backupConfigurations,
  backupSessions,
  persistentVolumeClaims,
  restoreSessions,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { targetTypes } from '#src/domain/workload/target.ts';
import { claim, deployment } from './manifests.ts';
import { configuration } from './operator/manifests.ts';
import type { Place } from './place.ts';
import type { Identity, Ran } from './plugin.ts';

const written: Resource[] = [
  backupConfigurations,
  backupSessions,
  restoreSessions,
  volumeSnapshots,
  persistentVolumeClaims,
];

export interface Stage {
  readonly place: Place;
  /** The plugin as somebody; the target of a snapshot has no configuration before it. */
  run(line: string, identity: Identity): Promise<Ran>;
  /** What was written since the last call. */
  made(): Promise<string[]>;
}

/** A namespace with a restore point of claim `data`, claim `fresh`, and sessions that nobody carries out. */
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
        volumeClaimTemplates: [
          {
            metadata: { name: 'never' },
            spec: {
              ...claim('never', storageClass).spec,
              dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'none' },
            },
          },
        ],
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
      const typed = line.replace('%', String(++count)).replace('SNAPSHOT', taken?.metadata.name ?? '');
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

async function census(place: Place): Promise<string[]> {
  const kinds = await Promise.all(
    written.map(async (kind) =>
      (await place.list(kind)).map(({ metadata }) => `${kind.kind} ${metadata.name} ${metadata.uid}`),
    ),
  );
  return kinds.flat();
}

/** Workload `app` of no replicas, whose claims are `data` and one for each pod. */
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
