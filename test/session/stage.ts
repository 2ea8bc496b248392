/** A sandbox with the Stash kinds and workloads to snapshot, each in its own namespace. */
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { stashCrds } from '#src/api/crds/index.ts';
import type { KubernetesObject, Stored, VolumeSnapshot } from '#src/api/kubernetes.ts';
import {
  backupSessions,
  customResourceDefinitions,
  deployments,
  namespaces,
  persistentVolumeClaims,
  storageClasses,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
  type Resource,
} from '#src/api/resources.ts';
import { run } from '#src/cli/run.ts';
import { connect } from '#src/cluster/connect.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { commands } from '#src/commands/index.ts';
import type { Clock } from '#src/domain/clock.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '#src/sandbox/sandbox.ts';
import { removeTree } from '#src/sandbox/storage/copy.ts';
import { driverName } from '#src/sandbox/storage/driver.ts';
import { snapshotClass, storageClass } from '#test/support/classes.ts';
import { testContext, type TestContext } from '#test/support/context.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';
import { until } from '#test/support/until.ts';

export interface Play {
  readonly exit: Promise<number>;
  readonly context: TestContext;
}

export interface Stage {
  readonly sandbox: Sandbox;
  /** The real adapter, over HTTPS, with the machine's clock. */
  readonly cluster: Cluster;
  /** Creates a namespace with deployment `app` of no replicas and bound claims; resolves with the namespace's name. */
  home(claims: readonly string[], storageClass?: string): Promise<string>;
  claim(namespace: string, name: string, storageClass?: string): Promise<void>;
  /** Creates a VolumeSnapshotClass with these parameters of the sandbox's driver. */
  snapshotClass(name: string, parameters: Record<string, string>): Promise<void>;
  storageClass(
    name: string,
    parameters: Record<string, string>,
    binding?: 'Immediate' | 'WaitForFirstConsumer',
  ): Promise<void>;
  all<T extends KubernetesObject>(resource: Resource<T>, namespace?: string): Promise<Stored<T>[]>;
  /** The BackupSessions, by name. */
  phases(namespace: string): Promise<unknown[]>;
  /** The claim of each snapshot. */
  snapshotted(namespace: string): Promise<unknown[]>;
  /** Resolves with all objects of a kind once they satisfy the condition. */
  until<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string,
    satisfies: (objects: Stored<T>[]) => boolean,
  ): Promise<Stored<T>[]>;
  /** Makes snapshots ready whose class keeps them unready. */
  makeReady(namespace: string, ...claims: readonly string[]): Promise<void>;
  /** Deletes claims; resolves once they are gone. */
  loseClaims(namespace: string, ...claims: readonly string[]): Promise<void>;
  /** Runs the program in a namespace with the arguments of `kubectl stash`; one string is split at blanks. */
  play(
    argv: string | readonly string[],
    options: {
      namespace: string;
      clock: Clock;
      cluster?: Cluster;
      signal?: AbortSignal;
      /** Standard input, for -f -. */
      stdin?: string;
    },
  ): Play;
  /** Interrupts the programs that are still running. */
  stop(): Promise<void>;
}

/** `now`: the server's clock. `program`: the entry point of containers of our own image. */
export async function openStage(now?: () => Date, program?: SandboxOptions['program']): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'stash-stage-'));
  const sandbox = await startSandbox({ directory, program, ...(now && { now }) });
  const { cluster } = sandbox;
  const flags = { kubeconfig: sandbox.kubeconfig };
  const { cluster: remote } = await connect(flags, {}, { clock: scaledClock(), version: 'test' });
  for (const definition of stashCrds) await cluster.create(customResourceDefinitions, definition);
  const closing = new AbortController();
  let homes = 0;

  const claim = async (namespace: string, name: string, storageClass = 'sandbox') => {
    await cluster.create(persistentVolumeClaims, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: storageClass,
        resources: { requests: { storage: '1Gi' } },
      },
    });
  };

  return {
    sandbox,
    cluster: remote,
    until: (resource, namespace, satisfies) => until(cluster, resource, { namespace }, satisfies),
    claim,
    async home(claims, storageClass) {
      homes += 1;
      const namespace = `home-${homes}`;
      await cluster.create(namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      });
      await Promise.all(claims.map((name) => claim(namespace, name, storageClass)));
      const labels = { app: 'app' };
      await cluster.create(deployments, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'app', namespace },
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [{ name: 'app', image: 'busybox' }],
              volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
            },
          },
        },
      });
      await until(cluster, persistentVolumeClaims, { namespace }, (all) =>
        all.every(({ status }) => status?.phase === 'Bound'),
      );
      return namespace;
    },
    async snapshotClass(name, parameters) {
      await cluster.create(volumeSnapshotClasses, snapshotClass(name, driverName, parameters));
    },
    async storageClass(name, parameters, volumeBindingMode = 'Immediate') {
      const built = storageClass(name, driverName, parameters);
      await cluster.create(storageClasses, { ...built, volumeBindingMode });
    },
    async phases(namespace) {
      return (await cluster.list(backupSessions, { namespace })).items.map(({ status }) => status?.phase);
    },
    async snapshotted(namespace) {
      const { items } = await cluster.list(volumeSnapshots, { namespace });
      return items.map(({ spec }) => spec.source.persistentVolumeClaimName);
    },
    all: async (resource, namespace) => (await cluster.list(resource, { namespace })).items,
    async makeReady(namespace, ...claims) {
      const snapshots = await until(cluster, volumeSnapshots, { namespace }, (all) =>
        claims.every((claim) => all.some((it) => isOf(it, claim) && it.status?.creationTime !== undefined)),
      );
      for (const { status } of snapshots.filter((it) => claims.some((claim) => isOf(it, claim)))) {
        const at = { name: status?.boundVolumeSnapshotContentName ?? '' };
        const ready = { status: { readyToUse: true } };
        await cluster.patch(volumeSnapshotContents, at, ready, { subresource: 'status' });
      }
    },
    async loseClaims(namespace, ...claims) {
      for (const name of claims) await cluster.delete(persistentVolumeClaims, { name, namespace });
      await until(cluster, persistentVolumeClaims, { namespace }, (left) =>
        left.every(({ metadata }) => !claims.includes(metadata.name)),
      );
    },
    play(argv, { namespace, clock, cluster = remote, signal, stdin }) {
      const context = testContext({
        clock,
        cluster: () => Promise.resolve({ cluster, namespace, user: 'test' }),
        ...(stdin !== undefined && { stdin }),
        signal: AbortSignal.any([closing.signal, ...(signal ? [signal] : [])]),
      });
      return { exit: run(typeof argv === 'string' ? argv.split(' ') : argv, context, commands), context };
    },
    async stop() {
      closing.abort();
      remote.close();
      await sandbox.stop();
      await removeTree(directory);
    },
  };
}

function isOf({ spec }: VolumeSnapshot, claim: string): boolean {
  return spec.source.persistentVolumeClaimName === claim;
}

/** Resolves once the program has written all of these words to stderr. */
export async function untilOutput({ context, exit }: Play, ...all: readonly RegExp[]): Promise<void> {
  const patience = performance.now() + 20_000;
  const ended = exit.then(() => true);
  for (let isOver = false; ;) {
    const missing = all.find((one) => !one.test(context.stderr()));
    if (missing === undefined) return;
    assert.ok(!isOver, `${missing.source} was not written to stderr: ${context.stderr()}`);
    isOver = (await Promise.race([ended, setImmediate(false)])) || performance.now() > patience;
  }
}
