/** Restore points: which survive, how they are listed, waited for and chosen. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { VolumeSnapshot } from '#src/api/kubernetes.ts';
import {
  backupConfigurations,
  backupSessions,
  deployments,
  persistentVolumeClaims,
  volumeSnapshots,
} from '#src/api/resources.ts';
import type { RestorePointList } from '#src/report/restore-points.ts';

import { deployment } from './manifests.ts';
import { openPlace, type Place } from './place.ts';
import { startServer } from './server.ts';

const server = await startServer();
const claims = ['one', 'two', 'three'];

async function threeClaims(place: Place): Promise<string> {
  await place.claims(...claims);
  await place.create(deployments, deployment('demo', claims));
  const [pod = ''] = await place.running('demo');
  return pod;
}

async function take(place: Place): Promise<string> {
  const { stdout } = await place.succeeds('snapshot deploy/demo --executor=local -o name');
  return stdout.trim().replace('backupsession.stash.appscode.com/', '');
}

function byHand(name: string, source: string): VolumeSnapshot {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name },
    spec: {
      source: { persistentVolumeClaimName: source },
      volumeSnapshotClassName: server.snapshotClass,
    },
  };
}

await suite('restore points', { concurrency: 4 }, () => {
  test('they survive their sessions; incomplete and foreign ones are never the latest', async (t) => {
    const place = await openPlace(t, server);
    const pod = await threeClaims(place);
    const write = (text: string) =>
      place.sh(pod, claims.map((name) => `echo ${text} > /source/${name}/proof`).join('; '));
    await write('first');
    const first = await take(place);
    await write('second');
    const second = await take(place);
    await write('third');
    // Name them as AppsCode's operator would: one group, newer than all of ours.
    const stamp = Math.floor(Date.now() / 1000) + 60;
    for (const name of claims) await place.create(volumeSnapshots, byHand(`${name}-${stamp}`, name));
    await place.create(volumeSnapshots, byHand('manual', 'one'));
    await place.until(
      volumeSnapshots,
      (all) => all.length === 10 && all.every(({ status }) => status?.readyToUse === true),
    );

    const sessions = await place.list(backupSessions);
    assert.deepEqual(
      sessions.map(({ metadata }) => metadata.name),
      [second],
      'a configuration keeps one session by default',
    );
    await place.remove(backupSessions, second);
    await place.remove(backupConfigurations, 'deploy-demo');
    assert.equal((await place.list(volumeSnapshots)).length, 10, 'snapshots have no owner');
    const lost = (await place.list(volumeSnapshots)).find(
      ({ metadata, spec }) =>
        metadata.annotations?.['stash.appscode.com/session-name'] === second &&
        spec.source.persistentVolumeClaimName === 'two',
    );
    await place.remove(volumeSnapshots, lost?.metadata.name ?? '');

    const table = (await place.succeeds('list')).stdout.split('\n');
    const row = (text: string) => table.find((line) => line.includes(text))?.split(/ {2,}/);
    assert.deepEqual(
      row(first)?.filter((cell) => /\/3|Succeeded/.test(cell)),
      ['3/3', 'Succeeded'],
    );
    assert.deepEqual(
      row(second)?.filter((cell) => /\/3|Incomplete/.test(cell)),
      ['2/3', 'Incomplete'],
    );
    assert.ok(row(String(stamp))?.includes('3/?'), table.join('\n'));
    assert.ok(row('manual')?.includes('1/?'), table.join('\n'));

    const late = await place.stash(`restore deploy/demo --from ${second}`);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /incomplete: claim two: it has no snapshot/);

    await place.remove(deployments, 'demo');
    await place.remove(persistentVolumeClaims, ...claims);
    await place.succeeds('restore deploy/demo --executor=local');
    const files = claims.map((name) => `/source/${name}/proof`).join(' ');
    assert.equal(await place.look(claims, `cat ${files}`), 'first\nfirst\nfirst');
    await place.succeeds(`restore deploy/demo --from ${second} --only one --suffix -second --executor=local`);
    assert.equal(await place.look(['one-second'], 'cat /source/one-second/proof'), 'second');
  });

  test('two snapshots in quick succession are two restore points', async (t) => {
    const place = await openPlace(t, server);
    const pod = await threeClaims(place);
    await place.sh(pod, 'echo first > /source/one/proof');
    const first = await take(place);
    await place.sh(pod, 'echo second > /source/one/proof');
    const second = await take(place);
    assert.notEqual(first, second);
    await place.succeeds(`restore deploy/demo --from ${first} --only one --suffix -1 --executor=local`);
    await place.succeeds(`restore deploy/demo --from ${second} --only one --suffix -2 --executor=local`);
    const seen = await place.look(['one-1', 'one-2'], 'cat /source/one-1/proof /source/one-2/proof');
    assert.equal(seen, 'first\nsecond');
  });

  test('list, wait and -o json agree', async (t) => {
    const place = await openPlace(t, server);
    assert.match((await place.succeeds('list')).stderr, /No restore points found in .* namespace/);
    await threeClaims(place);
    const session = await take(place);
    const { stdout } = await place.succeeds('list deploy/demo -o json');
    const { items } = JSON.parse(stdout) as RestorePointList;
    assert.equal(items.length, 1);
    const [point] = items;
    assert.equal(point?.metadata.name, session);
    assert.equal(point.phase, 'Succeeded');
    assert.deepEqual(
      point.claims.map(({ name, state, snapshotClassName }) => [name, state, snapshotClassName]),
      claims.map((name) => [name, 'ready', server.snapshotClass]),
    );
    const wide = await place.succeeds('list -o wide');
    assert.match(wide.stdout, new RegExp(`deployment/demo +${session} .*3/3 .*${server.snapshotClass}`));
    assert.equal((await place.succeeds('list sts')).stdout, '');
    assert.match((await place.succeeds('list -l no=such')).stderr, /No restore points/);

    const waited = await place.succeeds(`wait ${session}`);
    assert.match(waited.stdout, /^deployment\/demo snapshotted: all 3 snapshots are ready/);
    const printed = await place.succeeds(`wait backupsession/${session} -o json`);
    const object = JSON.parse(printed.stdout) as { kind: string; status: { phase: string } };
    assert.deepEqual([object.kind, object.status.phase], ['BackupSession', 'Succeeded']);
    assert.equal((await place.stash('wait no-such')).code, 3);
  });

  test('invalid input is reported, and nothing is created', async (t) => {
    const place = await openPlace(t, server);
    await place.claims('data');
    await place.create(deployments, deployment('demo', ['data']));
    await place.create(deployments, { ...deployment('bare', ['data']), spec: bare('bare') });
    await place.running('demo');
    const cases: readonly (readonly [string, number, RegExp])[] = [
      ['snapshot deploy/nothing', 3, /deployments\.apps "nothing" not found/],
      ['snapshot deploy/bare', 1, /deployment\/bare uses no persistent volume claims/],
      ['snapshot deploy/demo --snapshot-class=none', 3, /none/],
      ['snapshot deploy/demo --config=none', 3, /backupconfiguration "none" not found/],
      ['snapshot foo/demo', 2, /foo/],
      ['snapshot deploy -l app=none', 3, /no deployments with labels app=none/],
      ['restore deploy/demo', 3, /deployment\/demo has no restore points/],
    ];
    for (const [line, code, message] of cases) {
      const ran = await place.stash(line);
      assert.deepEqual([line, ran.code, ran.stdout], [line, code, ''], ran.stderr);
      assert.match(ran.stderr, message);
      assert.match(ran.stderr, /\nhint: /, line);
    }
    // A user without rights in a namespace is not told whether it exists.
    const elsewhere = await place.stash('snapshot deploy/demo -n stash-e2e-no-such', { identity: undefined });
    assert.equal(elsewhere.code, 3);
    assert.match(elsewhere.stderr, /namespace.*stash-e2e-no-such.*not found[^]*\nhint: /);
    const dry = await place.succeeds('snapshot deploy/demo --dry-run=client');
    assert.match(dry.stdout, /would be created \(dry run\)/);
    assert.deepEqual(await place.list(backupConfigurations), []);
    assert.deepEqual(await place.list(backupSessions), []);
    assert.deepEqual(await place.list(volumeSnapshots), []);
  });
});

function bare(name: string) {
  const { spec } = deployment(name, []);
  return spec;
}
