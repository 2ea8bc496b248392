/** An operator that is killed while it sees to a Job: the next one comes to the same end, with one Job. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupSessions, jobs } from '#src/api/resources.ts';

import { dying, type Death } from './dying.ts';
import { openSessionStage } from './session-stage.ts';

/** Its first write is the Job, its second says so in the session's status. */
const deaths: Death[] = [1, 2].flatMap((write) => [
  { write, when: 'before' as const },
  { write, when: 'after' as const },
]);

test('an operator that is killed around the making of a Job', { concurrency: true }, async (t) => {
  await Promise.all(
    deaths.map(({ write, when }) =>
      t.test(`killed ${when} write ${write}`, async () => {
        await using place = await openSessionStage(1);
        const { stage } = place;
        const home = await stage.home(['data']);
        await place.configuration(home, { retentionPolicy: { name: 'last', keepLast: 1, prune: true } });
        await place.session(home, 's1');
        const killed = Promise.withResolvers<undefined>();
        let writes = 0;
        const first = await place.operator({
          executor: 'job',
          through: (cluster) =>
            dying(
              cluster,
              { write, when },
              () => {
                killed.resolve(undefined);
              },
              () => (writes += 1),
            ),
        });
        await killed.promise;
        first.kill();
        await using second = await place.operator({ executor: 'job' });
        await place.tidied(home, 's1');
        const [session] = await stage.all(backupSessions, home);
        assert.equal(session?.status?.phase, 'Succeeded');
        assert.equal(session.status.targets?.[0]?.conditions?.[0]?.type, 'BackupExecutorEnsured');
        assert.deepEqual(await stage.snapshotted(home), ['data']);
        assert.equal((await stage.all(jobs, home)).length, 1);
        await second.stop();
      }),
    ),
  );
});
