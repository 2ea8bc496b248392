/** The operator ends sessions after their deadline: it writes the status once, with the reason. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { backupConfigurations, backupSessions, restoreSessions, type Resource } from '#src/api/resources.ts';
import type { AnySession, BackupConfiguration, BackupSession, RestoreSession } from '#src/api/stash.ts';
import { buildConfiguration } from '#src/domain/backup/build-backup.ts';
import { findCondition, isFinal, type Session } from '#src/domain/session/session-status.ts';
import { targetAnnotation, type Target } from '#src/domain/workload/target.ts';
import { endSession } from '#src/session/run/end.ts';
import type { SessionContext, SessionKind } from '#src/session/kind.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { restore } from '#src/session/kinds/restore.ts';

import { hastyClock } from './clocks.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.stop());

const overdue = {
  phase: 'Running',
  sessionDeadline: new Date(Date.now() - 60_000).toISOString(),
} as const;
const why = 'its executor stopped, and no other took over';

/** Ends the session as late; resolves with each final state that a watch has delivered. */
async function endLate<S extends AnySession, Plan>(
  kind: SessionKind<S, Plan>,
  made: Stored<S>,
  context: SessionContext,
): Promise<Session[]> {
  const { name, namespace } = made.metadata;
  const { cluster } = stage.sandbox;
  const running = { status: overdue };
  const session = await cluster.patch(kind.resource, { name, namespace }, running, { subresource: 'status' });
  const { signal } = new AbortController();
  const shown: Session[] = [];
  const watching = new AbortController();
  const watch = (async () => {
    const resource = kind.resource as Resource;
    for await (const event of cluster.watch(resource, { namespace }, watching.signal)) {
      const seen = event.type === 'listed' ? event.items : event.type === 'changed' ? [event.object] : [];
      shown.push(...(seen as Session[]).filter(isFinal));
      if (seen.some(({ metadata }) => metadata.labels?.['told'] === 'all')) return;
    }
  })();
  const environment = {
    cluster: stage.cluster,
    clock: hastyClock(),
    signal,
    tell: () => undefined,
    onChange: () => undefined,
  };
  const end = { how: 'late', why } as const;
  await endSession(environment, kind, { session, id: 'operator', replacing: undefined, context, end });
  await cluster.patch(kind.resource, { name, namespace }, { metadata: { labels: { told: 'all' } } });
  await watch;
  watching.abort();
  return shown;
}

function checkEnds(shown: readonly Session[]): void {
  for (const session of shown) {
    assert.equal(session.status?.phase, 'Failed');
    assert.equal(findCondition(session, 'DeadlineExceeded')?.message, `not done within 10m: ${why}`);
  }
  assert.ok(shown.length > 0);
}

test('a backup', async () => {
  const namespace = await stage.home(['data']);
  const target: Target = { kind: 'Deployment', name: 'app', namespace };
  const { cluster } = stage.sandbox;
  const configuration = await cluster.create<BackupConfiguration>(
    backupConfigurations,
    buildConfiguration(target),
  );
  const made = await cluster.create<BackupSession>(backupSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupSession',
    metadata: {
      name: 's1',
      namespace,
      annotations: { ...targetAnnotation(target), [annotation.sessionClaims]: '["data"]' },
    },
    spec: { invoker: { kind: 'BackupConfiguration', name: configuration.metadata.name } },
  });
  const shown = await endLate(backup, made, { configuration });
  checkEnds(shown);
  const { targets } = (shown[0] as Stored<BackupSession>).status ?? {};
  assert.deepEqual(
    targets?.[0]?.stats?.map(({ hostname, error }) => [hostname, error]),
    [['data', 'not ready after 10m: not created yet']],
  );
});

test('a restore', async () => {
  const namespace = await stage.home(['data']);
  const made = await stage.sandbox.cluster.create<RestoreSession>(restoreSessions, {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'RestoreSession',
    metadata: { name: 'r1', namespace },
    spec: {
      driver: 'VolumeSnapshotter',
      target: {
        volumeClaimTemplates: [
          {
            metadata: { name: 'data-back' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: '1Gi' } },
              dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'some' },
            },
          },
        ],
      },
    },
  });
  const shown = await endLate(restore, made, {});
  checkEnds(shown);
  const { stats } = (shown[0] as Stored<RestoreSession>).status ?? {};
  assert.equal(stats?.[0]?.phase, 'Failed');
  assert.match(stats[0].error ?? '', /^not bound after 10m/);
});
