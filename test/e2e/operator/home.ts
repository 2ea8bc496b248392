/** A workload with a claim and a BackupConfiguration that is Ready, and what is waited for there. */
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
import { isFinal } from '#src/domain/session/session-status.ts';
import { deployment } from '#test/e2e/manifests.ts';
import { openPlace, type Place } from '#test/e2e/place.ts';
import type { TestServer } from '#test/e2e/server.ts';
import { snapshotClass } from '#test/support/classes.ts';

import { configuration, type ConfigurationOptions } from './manifests.ts';

/** Of the BackupConfiguration. */
export const name = 'nightly';

/** Deployment `stash-demo` with claim `data`; `workload` is one of that name. */
export async function openHome(
  t: TestContext,
  server: TestServer,
  options: ConfigurationOptions = {},
  workload?: Workload,
): Promise<Place> {
  const place = await openPlace(t, server);
  await furnish(place, options, workload);
  return place;
}

export async function furnish(
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

/** A session as somebody writes it by hand. */
export function beginSession(place: Place, called: string): Promise<Stored<BackupSession>> {
  return place.create(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: { name: called },
    spec: { invoker: { apiGroup: 'stash.appscode.com', kind: 'BackupConfiguration', name } },
  });
}

/** The pod that carries a session out, once it runs. */
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

/** Resolves with the Event's message once it was told of a session. */
export async function untilTold(place: Place, session: string, reason: string): Promise<string> {
  const { message = '' } = await place.until(events, (all) =>
    all.find((it) => it.involvedObject.name === session && it.reason === reason),
  );
  return message;
}

/** What the hooks of `note` did in the target's pod. */
export async function hooksRun(place: Place): Promise<string> {
  const [pod = ''] = await place.running('stash-demo');
  return await place.sh(pod, 'tr "\\n" " " < /source/data/hooks');
}

/** A hook that leaves a line in the claim. */
export function note(what: string) {
  return shell(`echo ${what} >> /source/data/hooks`);
}

/** What a sandbox does not have. */
export function needsCluster({ advance }: TestServer, what: string): string | false {
  return advance !== undefined && `a sandbox has no ${what}`;
}

/** Faults need the test's driver. */
export function needsFaults({ driver }: TestServer): string | false {
  return driver === undefined && 'E2E_DRIVER is not set';
}

/** A snapshot class of the test's own that takes the driver's fault parameters. */
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

/** A Job that is none of ours and does nothing. */
export function theirJob(called: string): Job {
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
