/** Starts all controllers over one cluster and one driver. */
import type { Cluster } from '#src/cluster/port.ts';
import type { Driver } from '#src/sandbox/storage/driver.ts';

import { claimProtectionController } from './claim-protection.ts';
import { claimController } from './claims.ts';
import { cronJobController } from './cron-jobs.ts';
import { deploymentController } from './deployments.ts';
import { ephemeralClaimController } from './ephemeral-claims.ts';
import { jobController } from './jobs.ts';
import { keyOf } from './mirror.ts';
import { reclaimController, volumeProtectionController } from './reclaiming.ts';
import { startReconciler, type Reconciler } from './reconciler.ts';
import { eventRecorder } from './record-event.ts';
import { replicaSetController } from './replica-sets.ts';
import { contentController } from './snapshot-contents.ts';
import { serviceAccountController } from './service-accounts.ts';
import { snapshotController } from './snapshots.ts';
import { statefulSetController } from './stateful-sets.ts';
import { volumeController } from './volumes.ts';
import { openMirrors, type Controller, type World } from './world.ts';

export interface ControllerOptions {
  readonly cluster: Cluster;
  readonly driver: Driver;
  readonly now: () => Date;
  /** Stops all of them; the caller should stop the driver with it. */
  readonly signal: AbortSignal;
  /** Receives errors that no status and no Event reports. */
  readonly onError: (message: string) => void;
}

export interface Controllers {
  /** Call it when the clock has jumped: reconciles whatever waits for a time. */
  lookAgain(): void;
  /** Resolves when the last controller has stopped; call it after the signal has aborted. */
  stopped(): Promise<void>;
}

/** Resolves when the controllers have synced and started. */
export async function startControllers(options: ControllerOptions): Promise<Controllers> {
  const { cluster, signal } = options;
  const { mirrors, synced } = openMirrors(cluster, signal);
  const event = eventRecorder(cluster, 'kubectl-stash-sandbox', options.now);
  const world: World = { ...mirrors, cluster, driver: options.driver, event, signal, now: options.now };
  // Controllers must not decide, and above all not delete, on a partial view.
  await synced();
  const controllers: Record<string, Controller> = {
    claim: claimController(world),
    claimProtection: claimProtectionController(world),
    volume: volumeController(world),
    volumeProtection: volumeProtectionController(world),
    reclaim: reclaimController(world),
    snapshot: snapshotController(world),
    content: contentController(world),
    deployment: deploymentController(world),
    replicaSet: replicaSetController(world, world.replicaSets),
    replicationController: replicaSetController(world, world.replicationControllers),
    statefulSet: statefulSetController(world),
    daemonSet: replicaSetController(world, world.daemonSets),
    ephemeralClaim: ephemeralClaimController(world),
    job: jobController(world),
    cronJob: cronJobController(world),
    serviceAccount: serviceAccountController(world),
  };
  const reconcilers = Object.entries(controllers).map(([name, controller]) => run(name, controller));
  for (const mirror of Object.values(mirrors)) mirror.announce();

  function run(name: string, controller: Controller): Reconciler {
    const reconciler = startReconciler({
      reconcile(key) {
        const slash = key.indexOf('/');
        return controller.reconcile(key.slice(slash + 1), key.slice(0, slash) || undefined);
      },
      onError: (key, error) => {
        options.onError(`${name} ${key}: ${error instanceof Error ? error.message : String(error)}`);
      },
      signal,
      longestBackoff: controller.longestBackoff,
    });
    const enqueue = (object: string, namespace: string | undefined) => {
      reconciler.enqueue(keyOf(object, namespace));
    };
    controller.mirror.onChange(({ metadata }) => {
      enqueue(metadata.name, metadata.namespace);
    });
    controller.triggers(enqueue);
    return reconciler;
  }

  return {
    lookAgain() {
      for (const reconciler of reconcilers) reconciler.lookAgain();
    },
    async stopped() {
      await Promise.all(reconcilers.map((reconciler) => reconciler.stopped()));
    },
  };
}
