/** A workload with a claim and a Ready BackupConfiguration, and functions that wait for their objects. */
import type { TestContext } from 'node:test';

import type { Job, KubernetesObject, Pod, Stored, Workload } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  deployments,
  events,
  pods,
  restoreSessions,
  volumeSnapshotClasses,
  type Resource,
} from '#src/api/resources.ts';
import type { BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { keepingAnnotations } from '#src/domain/restore-points/keeping.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { snapshotClass } from '#test/support/classes.ts';

import { configuration, type ConfigurationOptions } from './manifests.ts';

/** Name of the BackupConfiguration. */
export const name = 'nightly';

/** Creates Deployment `stash-demo` with claim `data`; `workload` replaces the Deployment. */
export async function openHome(
  t: TestContext,
  server: TestServer,
  options: ConfigurationOptions = {},
  workload?: Workload,
): Promise<Place> {
  const place = await openPlace(t, server);
  await createWorkload(place, options, workload);
  return place;
}

export async function createWorkload(
  place: Place,
  options: ConfigurationOptions = {},
  workload = deployment('stash-demo', ['data']),
): Promise<void> {
  await place.claims('data');
  await place.create(deployments, workload);
  await place.running('stash-demo');
  await place.create(backupConfigurations, configuration(name, options));
  await untilReady(place);
}

export async function untilReady(place: Place): Promise<void> {
  await untilConfiguration(place, ({ status }) => status?.phase === 'Ready');
}

export function untilConfiguration(
  place: Place,
  satisfied: (it: Stored<BackupConfiguration>) => boolean,
): Promise<Stored<BackupConfiguration>> {
  return untilOne(place, backupConfigurations, name, satisfied);
}

export function untilSession(
  place: Place,
  called: string,
  satisfied: (it: Stored<BackupSession>) => boolean,
): Promise<Stored<BackupSession>> {
  return untilOne(place, backupSessions, called, satisfied);
}

export function untilEnded(place: Place, called: string): Promise<Stored<BackupSession>> {
  return untilSession(place, called, isFinal);
}

export function untilRestored(place: Place, called: string): Promise<Stored<RestoreSession>> {
  return untilOne(place, restoreSessions, called, isFinal);
}

export function untilOne<T extends KubernetesObject>(
  place: Place,
  resource: Resource<T>,
  called: string,
  satisfied: (it: Stored<T>) => boolean = () => true,
): Promise<Stored<T>> {
  return place.until(resource, (all) => all.find((it) => it.metadata.name === called && satisfied(it)));
}

/** Creates a session that counts for the schedule, as its Job does. `of`: the BackupConfiguration. */
export function beginSession(place: Place, called: string, of = name): Promise<Stored<BackupSession>> {
  return place.create(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: called, annotations: keepingAnnotations({ by: 'schedule' }) },
    spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name: of } },
  });
}

/** Resolves with the pod that carries a session out, once it runs. */
export function podOf(place: Place, jobName: string, but?: string): Promise<Stored<Pod>> {
  return place.until(pods, (all) =>
    all.find(
      ({ metadata, status }) =>
        metadata.labels?.['batch.kubernetes.io/job-name'] === jobName &&
        metadata.uid !== but &&
        status?.phase === 'Running',
    ),
  );
}

/** Resolves with the message of the session's Event with this reason. */
export async function untilEvent(place: Place, session: string, reason: string): Promise<string> {
  const { message = '' } = await place.until(events, (all) =>
    all.find((it) => it.involvedObject.name === session && it.reason === reason),
  );
  return message;
}

/** Resolves with what the hooks of `note` wrote in the target's pod. */
export async function hooksRun(place: Place): Promise<string> {
  const [pod = ''] = await place.running('stash-demo');
  return await place.sh(pod, 'tr "\\n" " " < /source/data/hooks');
}

/** Returns a hook that writes a line into the claim. */
export function note(what: string) {
  return shell(`echo ${what} >> /source/data/hooks`);
}

/** Returns the reason to skip a test that needs what a sandbox does not have. */
export function needsCluster({ advance }: TestServer, what: string): string | false {
  return advance !== undefined && `a sandbox has no ${what}`;
}

/** Returns the reason to skip tests with faults on a server without the test's driver. */
export function needsFaults({ driver }: TestServer): string | false {
  return driver === undefined && 'E2E_DRIVER is not set';
}

/** Creates a snapshot class of the test's own with the driver's fault parameters. */
export async function faultyClass(
  t: TestContext,
  { cluster, driver = '' }: TestServer,
  place: Place,
  parameters: Record<string, string>,
): Promise<string> {
  const { namespace } = place;
  await cluster.create(volumeSnapshotClasses, snapshotClass(namespace, driver, parameters));
  t.after(() => cluster.delete(volumeSnapshotClasses, { name: namespace }));
  return namespace;
}

/** Returns a foreign Job that does nothing. */
export function foreignJob(called: string): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: called },
    spec: {
      suspend: true,
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'theirs', image: 'busybox' }] },
      },
    },
  };
}

export function shell(script: string) {
  return { exec: { command: ['/bin/sh', '-c', script] } };
}
