/** Measures sessions of one namespace before and after another one has received 1,000 random objects. */
import { backupConfigurations, backupSessions, namespaces } from '#src/api/resources.ts';
import { buildBackupSession } from '#src/domain/backup/build-backup.ts';
import { targetOfConfiguration } from '#src/domain/configuration/configured-target.ts';
import { isFinal } from '#src/domain/session/session-status.ts';
import { renderTable } from '#src/report/table.ts';
import { createRandomObjects } from '#test/operator/random-objects.ts';
import { until } from '#test/support/until.ts';

import { startOperator } from './operator-process.ts';
import { median, type Workbench } from './workbench.ts';
import { allBound, claimNames, makeClaim, makeConfigured, namespace } from './workload.ts';

const claimCount = 5;
const rounds = 9;
const count = 1_000;
const seed = 1;

export async function benchRandomObjects({ server, program, print }: Workbench): Promise<void> {
  const { cluster } = server;
  const operator = await startOperator(server, program);
  try {
    const claims = claimNames('normal', claimCount);
    for (const claim of claims) await makeClaim(cluster, claim);
    await allBound(cluster);
    const configuration = await makeConfigured(cluster, 'normal', claims);
    await until(cluster, backupConfigurations, { namespace }, ([it]) => it?.status?.phase === 'Ready');
    const target = targetOfConfiguration(configuration);
    // A session is named after the second in which it was created.
    let seconds = 0;
    const carryOut = async (): Promise<number> => {
      const at = new Date(Date.now() + ++seconds * 1_000);
      const began = performance.now();
      const { metadata } = await cluster.create(
        backupSessions,
        buildBackupSession({ configuration, target, at, maker: { by: 'schedule' } }),
      );
      await until(cluster, backupSessions, { namespace }, (all) =>
        all.some((session) => session.metadata.uid === metadata.uid && isFinal(session)),
      );
      return performance.now() - began;
    };
    const measure = async () => {
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) times.push(await carryOut());
      return median(times);
    };

    await carryOut();
    const before = await measure();
    const noisy = 'noisy';
    await cluster.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: noisy } });
    const made = await createRandomObjects(cluster, noisy, { count, seed });
    const after = await measure();
    const row = [before.toFixed(0), after.toFixed(0), (after / before).toFixed(2)];
    const memory = (await operator.memory()).toFixed(0);
    print(
      `random: sessions of ${claimCount} claims, --run-sessions=in-process, medians of ${rounds};\n` +
        `after ${made} random objects (seed ${seed}) came into another namespace\n\n` +
        `${renderTable(['before ms', 'after ms', 'ratio', 'MiB'], [[...row, memory]])}\n`,
    );
  } finally {
    await operator.stop();
  }
}
