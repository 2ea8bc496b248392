/** A small Kubernetes in this process: API server, controllers, storage and one node. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Cluster } from '#src/cluster/port.ts';

import { createApi } from './api-server/create-api.ts';
import { startGarbageCollector } from './api-server/garbage-collector.ts';
import { createInterference, type Faults, type RequestCounter } from './api-server/http/faults.ts';
import { writeKubeconfig } from './api-server/http/kubeconfig.ts';
import { startServer } from './api-server/http/server.ts';
import { startQuotaCount } from './api-server/quota.ts';
import { startRoleAggregation } from './api-server/rbac/aggregation.ts';
import { admin } from './api-server/reviews.ts';
import type { ServiceAccountName } from './api-server/tokens.ts';
import { createLocalCluster } from './api-server/local-cluster.ts';
import { startControllers } from './controllers/start-controllers.ts';
import type { Access } from './node/own-image.ts';
import { startNode, type SandboxNode } from './node/start-node.ts';
import { lockDirectory } from './directory-lock.ts';
import { seed } from './seed.ts';
import { keepState, readState } from './state-file.ts';
import { driverName, openDriver, type Driver } from './storage/driver.ts';
import { openStorage } from './storage/storage.ts';

export interface SandboxOptions {
  /** Contains all files of the sandbox. Created if missing, never removed. */
  readonly directory: string;
  /**
   * Also keep the objects there, and start with those of an earlier run. No other sandbox may use the
   * directory meanwhile.
   */
  readonly keep?: boolean;
  readonly now?: () => Date;
  /**
   * The program and its first arguments on this machine: containers of our own image with the tag `version`
   * then run as processes. Left out, they only count as running.
   */
  readonly program?: { readonly argv: readonly string[]; readonly version: string } | undefined;
  /** Creates a user of this name: the kubeconfig's current one, in addition to the administrator. */
  readonly as?: string | undefined;
  /** Receives errors that no status and no Event reports. */
  readonly onError?: (message: string) => void;
}

export interface Sandbox {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** Path of a kubeconfig that only its owner can read. */
  readonly kubeconfig: string;
  /** The same cluster without HTTP; faults and request counts do not apply to it. */
  readonly cluster: Cluster;
  readonly faults: Faults;
  readonly requests: RequestCounter;
  /**
   * Moves the sandbox's clock forward. Whatever waits for a time (schedules, deadlines, token lifetimes) is
   * reconciled at once.
   */
  advance(milliseconds: number): void;
  /**
   * Ends processes, watches and connections. Resolves when nothing of the sandbox keeps this process alive.
   */
  stop(): Promise<void>;
}

/** Longer than any sandbox runs, because processes do not renew their token. */
const tokenSeconds = 10 * 365 * 24 * 3600;

/** Throws a DirectoryError if another sandbox uses the directory, or if its files cannot be read. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { directory } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (options.keep !== true) return run(options);
  const unlock = await lockDirectory(directory);
  try {
    return await run(options, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

function userNamed(username: string, token: string) {
  return { token, user: { username, groups: ['system:authenticated'] } };
}

async function run(options: SandboxOptions, unlock?: () => Promise<void>): Promise<Sandbox> {
  const { directory, now: given = () => new Date(), onError = () => undefined } = options;
  let ahead = 0;
  const now = (): Date => new Date(given().getTime() + ahead);
  const stateFile = join(directory, 'objects.json');
  const saved = unlock && (await readState(stateFile));
  const api = createApi({ now, saved });
  const newToken = () => randomBytes(24).toString('base64url');
  const token = newToken();
  const user = options.as === undefined ? undefined : userNamed(options.as, newToken());
  const stopCollecting = startGarbageCollector(api);
  const stopCounting = startQuotaCount(api);
  const stopAggregating = startRoleAggregation(api);
  const stopping = new AbortController();
  const { signal } = stopping;
  const running: { node?: SandboxNode } = {};
  const cluster = createLocalCluster(api, () => running.node);
  await seed(cluster, driverName, { isNew: saved === undefined });
  const state = unlock && keepState(api.store, stateFile, onError);
  const storage = await openStorage(join(directory, 'storage'), {
    now,
    freeze: (volume) => running.node?.freeze(volume) ?? (() => undefined),
  });
  const opened = openDriver(storage, signal);
  // Save the objects before the driver deletes data, so that a crash leaves no object without its data.
  const driver: Driver = state
    ? {
        ...opened,
        deleteVolume: (handle) => state.flush().then(() => opened.deleteVolume(handle)),
        deleteSnapshot: (handle) => state.flush().then(() => opened.deleteSnapshot(handle)),
      }
    : opened;
  const path = process.env['PATH'] ?? '';
  // Pods of an earlier run may start before the server has an address.
  const serving = Promise.withResolvers<{ url: string; certificate: string }>();
  const program = options.program && {
    ...options.program,
    async access(account: ServiceAccountName): Promise<Access> {
      const { url, certificate } = await serving.promise;
      return { url, certificate, token: api.tokens.issue(account, tokenSeconds).token };
    },
  };
  const own = createLocalCluster(api, () => running.node, 'kube-controller-manager');
  const [node, controllers] = await Promise.all([
    startNode({ cluster: own, storage, directory: join(directory, 'pods'), now, onError, path, program }),
    startControllers({ cluster: own, driver, signal, now, onError }),
  ]);
  running.node = node;
  const interference = createInterference();
  const server = await startServer({ api, interference, runtime: () => running.node }, [
    { token, user: admin },
    ...(user === undefined ? [] : [user]),
  ]);
  serving.resolve(server);
  const kubeconfig = join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, { url: server.url, certificate: server.certificate, token, user });
  return {
    url: server.url,
    kubeconfig,
    cluster,
    faults: interference,
    requests: interference.requests,
    advance(milliseconds) {
      ahead += milliseconds;
      controllers.lookAgain();
    },
    async stop() {
      await server.close();
      await node.stop();
      stopping.abort();
      await controllers.stopped();
      stopCollecting();
      stopCounting();
      stopAggregating();
      await state?.close();
      await unlock?.();
    },
  };
}
