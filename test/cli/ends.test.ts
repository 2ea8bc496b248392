import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Cluster } from '#src/cluster/port.ts';
import { printEnds } from '#src/cli/ends.ts';
import type { Progress } from '#src/domain/session/progress.ts';
import { StashError } from '#src/errors.ts';
import { backup } from '#src/session/kinds/backup.ts';
import { testContext } from '#test/support/context.ts';
import { stubCluster } from '#test/support/stub-cluster.ts';

function ended(session: string): Progress {
  return {
    kind: backup.words,
    session,
    target: undefined,
    namespace: 'demo',
    statusPhase: 'Succeeded',
    claims: [],
    startedAt: new Date(0),
    deadline: new Date(0),
    notes: [],
    verdict: { outcome: 'succeeded', message: 'done' },
  };
}

test('a session that the history limit deletes while others run is printed as it ended, in the order of the arguments', async () => {
  const there = new Set(['early', 'late']);
  const get = (_: unknown, name: string) =>
    there.has(name)
      ? Promise.resolve({
          apiVersion: 'stash.appscode.com/v1beta1',
          kind: 'BackupSession',
          metadata: { name },
        })
      : Promise.reject(new StashError('not-found', `${name} is gone`));
  const cluster = stubCluster({ get: get as Cluster['get'] });
  const context = testContext();
  const slow = Promise.withResolvers<Progress>();
  const work = [slow.promise, Promise.resolve(ended('early'))];
  const printed = printEnds(work, { context, cluster, format: 'name', close: () => undefined });
  await new Promise(setImmediate);
  there.delete('early');
  slow.resolve(ended('late'));
  await printed;
  assert.equal(
    context.stdout(),
    'backupsession.stash.appscode.com/late\nbackupsession.stash.appscode.com/early\n',
  );
});
