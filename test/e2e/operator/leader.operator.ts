/** Kills the leading replica of the operator while sessions run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { operatorName, operatorNamespace } from '#src/api/operator.ts';
import { leases, pods, volumeSnapshots } from '#src/api/resources.ts';
import { openPlace } from '#test/e2e/place.ts';
import { until } from '#test/support/until.ts';

import {
  beginSession,
  faultyClass,
  createWorkload,
  needsFaults,
  shell,
  untilEnded,
  untilSession,
} from './home.ts';
import { startOperatorServer } from './operator-server.ts';

const server = await startOperatorServer();
const { cluster } = server;
const note = (what: string) => shell(`echo ${what} >> /source/data/hooks`);

/** Resolves with the holder of the Lease, once it is not `former`. */
async function leader(former?: string): Promise<string> {
  const [lease] = await until(cluster, leases, { namespace: operatorNamespace }, (all) =>
    all.some(({ metadata, spec }) => {
      const { holderIdentity = '' } = spec ?? {};
      return metadata.name === operatorName && holderIdentity !== '' && holderIdentity !== former;
    }),
  );
  return lease?.spec?.holderIdentity ?? '';
}

await test(
  'the leader is killed: the other replica takes over within 20 s, and running sessions finish',
  { skip: needsFaults(server) },
  async (t) => {
    const place = await openPlace(t, server);
    const snapshotClassName = await faultyClass(t, server, place, { delay: '5s' });
    const hooks = { preBackup: note('freeze'), postBackup: note('thaw') };
    await createWorkload(place, { snapshotClassName, spec: { hooks } });
    await beginSession(place, 'running');
    await place.until(volumeSnapshots, (all) => all.length === 1);

    const former = await leader();
    const { items } = await cluster.list(pods, { namespace: operatorNamespace });
    const struck = items.find(({ metadata }) => former.startsWith(`${metadata.name}-`));
    assert(struck, former);
    const began = performance.now();
    await cluster.delete(pods, struck.metadata, { gracePeriodSeconds: 0 });
    assert.notEqual(await leader(former), former);
    assert(performance.now() - began < 20_000);

    const { status } = await untilEnded(place, 'running');
    assert.equal(status?.phase, 'Succeeded');
    // Only the new leader can do this.
    await untilSession(place, 'running', ({ status }) =>
      (status?.conditions ?? []).some(({ type }) => type === 'BackupHistoryCleaned'),
    );
    assert.equal((await place.list(volumeSnapshots)).length, 1);
    const [pod = ''] = await place.running('stash-demo');
    assert.equal(await place.sh(pod, 'cat /source/data/hooks'), 'freeze\nthaw');
    await beginSession(place, 'later');
    assert.equal((await untilEnded(place, 'later')).status?.phase, 'Succeeded');
  },
);
