/** States of a session as an operator observes them, for tests of its decisions. */
import type { Condition, Job, Pod, Stored } from '#src/api/kubernetes.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { sight } from '#src/domain/session/holder.ts';
import { snapshotterJobName } from '#src/domain/workload/names.ts';
import type { BackupSessionWorld } from '#src/domain/operator/decide-backup-session.ts';
import { configuration as plainConfiguration, created, stored } from '#test/domain/objects.ts';

/** The time `seconds` after the creation of all objects. */
export function at(seconds: number): Date {
  return new Date(Date.parse(created) + seconds * 1_000);
}

export const sessionName = 'sts-db-1773457200';
export const jobName = snapshotterJobName(sessionName);

export interface SessionChanges {
  readonly name?: string;
  readonly createdAt?: Date;
  readonly holder?: string;
  readonly annotations?: Record<string, string>;
  readonly spec?: Partial<BackupSession['spec']>;
  readonly status?: BackupSession['status'] | undefined;
  readonly deleted?: boolean;
}

export function session(changes: SessionChanges = {}): Stored<BackupSession> {
  const { name = sessionName, createdAt, holder, annotations, spec, status, deleted } = changes;
  return stored<BackupSession>({
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name,
      ...(createdAt && { creationTimestamp: createdAt.toISOString() }),
      ...(deleted === true && { deletionTimestamp: created }),
      annotations: {
        ...annotations,
        ...(holder !== undefined && { 'stash.appscode.com/executor': holder }),
      },
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: 'sts-db' }, ...spec },
    ...(status && { status }),
  });
}

export const ensured: Condition = {
  type: 'BackupExecutorEnsured',
  status: 'True',
  reason: 'SuccessfullyEnsuredBackupExecutor',
};

export function ready(
  spec: Partial<BackupConfiguration['spec']> = {},
  metadata: Partial<BackupConfiguration['metadata']> = {},
): Stored<BackupConfiguration> {
  return {
    ...plainConfiguration('sts-db', spec, { generation: 1, ...metadata }),
    status: { phase: 'Ready', observedGeneration: 1 },
  };
}

export function job(...conditions: { type: string; message?: string }[]): Stored<Job> {
  return stored<Job>({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName,
      ownerReferences: [
        {
          apiVersion: 'stash.appscode.com/v1beta1',
          kind: 'BackupSession',
          name: sessionName,
          uid: session().metadata.uid,
        },
      ],
    },
    status: { conditions: conditions.map((condition) => ({ ...condition, status: 'True' })) },
  });
}

export const podName = `${jobName}-abcde`;

export function pod(status: NonNullable<Pod['status']>): Stored<Pod> {
  const { uid, name } = job().metadata;
  return stored<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: podName,
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }],
    },
    spec: { containers: [] },
    status,
  });
}

/** `heldSince`: when the operator first saw the present holder. It saw a freeze, if any, when it began. */
export function world(
  changes: Partial<Omit<BackupSessionWorld, 'sighting'>> & { readonly heldSince?: Date } = {},
): BackupSessionWorld {
  const { heldSince, ...others } = changes;
  const seen = others.session ?? session();
  const now = others.now ?? at(1);
  return {
    now,
    session: seen,
    jobName,
    configuration: ready(),
    siblings: [],
    swap: undefined,
    job: undefined,
    pods: [],
    runSessions: 'in-jobs',
    here: 'no',
    quietSince: undefined,
    maxFreezeMs: 60_000,
    ensured: (seen.status?.targets ?? []).some(({ conditions = [] }) => conditions.includes(ensured)),
    executedHere: true,
    ...others,
    sighting: sight(undefined, seen, heldSince ?? now),
  };
}
