/** Retries a failed BackupSession with a new session after a delay, as often as its configuration allows. */
import type { Named, Stored } from '#src/api/kubernetes.ts';
import { annotation, label, stashApiVersion } from '#src/api/labels.ts';
import type { BackupConfiguration, BackupSession } from '#src/api/stash.ts';
import { retriesLeft } from '#src/domain/hooks/hooks.ts';
import { boundedWaitMs, shortestWaitMs } from '#src/domain/spec-limits.ts';
import { sessionName } from '#src/domain/workload/names.ts';
import { copiedKeeping } from '#src/domain/restore-points/keeping.ts';
import { endedAt } from '#src/domain/session/ended-at.ts';

export type RetryStep =
  | { readonly do: 'none' }
  /** Write the time of the retry to the status. */
  | { readonly do: 'schedule'; readonly at: Date }
  | { readonly do: 'wait'; readonly until: Date }
  | { readonly do: 'create'; readonly session: Named<BackupSession> };

export interface RetryWorld {
  readonly now: Date;
  readonly session: Stored<BackupSession>;
  readonly configuration: Stored<BackupConfiguration> | undefined;
  /** Other sessions of the same invoker. */
  readonly siblings: readonly Stored<BackupSession>[];
}

export function decideRetry({ now, session, configuration, siblings }: RetryWorld): RetryStep {
  const { status } = session;
  if (status?.phase !== 'Failed' || status.retried === true) return { do: 'none' };
  if (configuration === undefined || configuration.metadata.deletionTimestamp !== undefined) {
    return { do: 'none' };
  }
  if (retriesLeft(session, configuration) <= 0) return { do: 'none' };
  if (status.nextRetry === undefined) {
    // A newer session of the same configuration makes the retry unnecessary.
    const newer = siblings.some(
      ({ metadata }) => metadata.creationTimestamp > session.metadata.creationTimestamp,
    );
    return newer ? { do: 'none' } : { do: 'schedule', at: retryAt(session, configuration, now) };
  }
  const due = new Date(status.nextRetry);
  if (now < due) return { do: 'wait', until: due };
  return { do: 'create', session: buildRetry(session, configuration, due) };
}

/**
 * The first retry waits for the configuration's delay, and each further one twice as long, up to this limit. The
 * configuration's delay itself may be longer.
 */
const longestBackoffMs = 3_600_000;

/** Returns a time in whole seconds, as in the names of sessions. */
function retryAt(session: Stored<BackupSession>, configuration: BackupConfiguration, now: Date): Date {
  const { delay = '', maxRetry = 1 } = configuration.spec.retryConfig ?? {};
  const first = boundedWaitMs(delay) ?? shortestWaitMs;
  const retried = Math.max(0, maxRetry - retriesLeft(session, configuration));
  const at =
    (endedAt(session) ?? now).getTime() + Math.max(first, Math.min(longestBackoffMs, first * 2 ** retried));
  return new Date(Math.ceil(at / 1_000) * 1_000);
}

/** Derives the name from `at`, so that repeating the step cannot create a second session. */
function buildRetry(
  session: Stored<BackupSession>,
  configuration: Stored<BackupConfiguration>,
  at: Date,
): Named<BackupSession> {
  const { name, uid } = configuration.metadata;
  const { namespace, labels, annotations } = session.metadata;
  const copied = {
    ...Object.fromEntries(
      Object.entries(annotations ?? {}).filter(
        ([key]) => key === annotation.target || key === annotation.snapshotClass,
      ),
    ),
    ...copiedKeeping(session),
  };
  return {
    apiVersion: stashApiVersion,
    kind: 'BackupSession',
    metadata: {
      name: sessionName(name, at),
      ...(namespace !== undefined && { namespace }),
      labels: { ...labels, [label.trigger]: session.metadata.uid },
      ...(Object.keys(copied).length > 0 && { annotations: copied }),
      ownerReferences: [
        { apiVersion: stashApiVersion, kind: 'BackupConfiguration', name, uid, controller: true },
      ],
    },
    spec: { invoker: session.spec.invoker, retryLeft: retriesLeft(session, configuration) - 1 },
  };
}
