/** A server with one session, which checks resourceVersions. */
import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import type { BackupSession } from '#src/api/stash.ts';
import type { Cluster } from '#src/cluster/port.ts';
import { StashError } from '#src/errors.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

type Session = Stored<BackupSession>;

export interface OneSession {
  readonly cluster: Cluster;
  session(): Session;
  readonly executor: () => string | undefined;
  /** A write of another client. */
  write(change: { executor?: string; status?: BackupSession['status'] }): void;
  delete(): void;
  /** For the next patches: carry them out without an answer, or not at all. */
  fail(...how: readonly ('unanswered' | 'refused')[]): void;
  patches(): number;
}

/** `executor`: the holder annotation. */
export function oneSession(executor?: string, status?: BackupSession['status']): OneSession {
  let version = 1;
  let patches = 0;
  let failures: ('unanswered' | 'refused')[] = [];
  let session: Session | undefined = {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name: 'deploy-app-1',
      namespace: 'demo',
      uid: 'u1',
      resourceVersion: '1',
      creationTimestamp: '2026-03-14T03:00:00Z',
      ...(executor !== undefined && { annotations: { [annotation.executor]: executor } }),
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'deploy-app' } },
    ...(status && { status }),
  };
  const stored = (): Session => {
    if (session === undefined) throw new StashError('not-found', 'backupsessions "deploy-app-1" not found');
    return session;
  };
  const write: OneSession['write'] = (change) => {
    const { metadata, ...rest } = stored();
    version += 1;
    const annotations = { ...metadata.annotations };
    if (change.executor !== undefined) annotations[annotation.executor] = change.executor;
    const { status = rest.status } = change;
    session = {
      ...rest,
      ...(status && { status }),
      metadata: { ...metadata, annotations, resourceVersion: String(version) },
    };
  };
  const patch = (body: Partial<Session>): Session => {
    patches += 1;
    const failure = failures.shift();
    if (failure === 'refused') throw new StashError('unreachable', 'connection refused');
    const { resourceVersion, annotations } = body.metadata ?? {};
    if (resourceVersion !== stored().metadata.resourceVersion)
      throw new StashError('conflict', 'was modified');
    const executor = annotations?.[annotation.executor];
    write({ ...(executor !== undefined && { executor }), ...(body.status && { status: body.status }) });
    if (failure === 'unanswered') throw new StashError('unreachable', 'connection reset');
    return stored();
  };
  const answer = <T>(what: () => unknown) =>
    new Promise<T>((resolve) => {
      resolve(what() as T);
    });
  return {
    cluster: stubCluster({
      get: () => answer(stored),
      patch: (_resource, _at, body) => answer(() => patch(body as Partial<Session>)),
    }),
    session: stored,
    executor: () => stored().metadata.annotations?.[annotation.executor],
    write,
    delete: () => {
      session = undefined;
    },
    fail: (...how) => {
      failures = [...how];
    },
    patches: () => patches,
  };
}
