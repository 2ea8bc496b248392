/** `schedule`, `pause`, `resume`, `trigger` and `create`, with an operator and without. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  backupConfigurations,
  backupSessions,
  restoreSessions,
  volumeSnapshots,
} from '#src/api/resources.ts';
import { withAppscode } from '#test/operator-player/appscode.ts';
import { playOwnOperator, ownId } from '#test/operator-player/own.ts';
import { matchGolden } from '#test/support/golden.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

import { checkAdvice } from './advice.ts';
import { claim, configuration, deployment, namespace, object, statefulSet } from './objects.ts';
import { withoutRight } from './rights.ts';
import { settled, withoutIds } from './settled.ts';
import { startWorld, type RunOptions, type World } from './world.ts';

const demo = 'demo';
/** A namespace without an operator. */
const alone = 'alone';
let world: World;
let operator: ReturnType<typeof playOwnOperator>;

before(async () => {
  world = await startWorld();
  for (const at of [demo, alone]) {
    await world.create(
      namespace(at),
      claim(at, 'data'),
      deployment(at, 'web', ['data'], { replicas: 0 }),
      deployment(at, 'cache', ['data'], { replicas: 0 }),
      deployment(at, 'bare', [], { replicas: 0 }),
      statefulSet(at, 'db', { replicas: 1 }),
    );
    await world.bound(at, 'data', 'data-db-0');
  }
  await world.create(
    configuration(demo, 'foreign', { kind: 'Deployment', name: 'web' }),
    configuration(demo, 'files', { kind: 'Deployment', name: 'web' }, { driver: 'Restic' }),
    configuration(demo, 'lost', { kind: 'Deployment', name: 'gone' }),
    configuration(demo, 'odd', { kind: 'CronJob', name: 'web' }),
  );
  operator = playOwnOperator({ cluster: world.cluster, clock: scaledClock(), namespace: demo });
});

after(async () => {
  await operator.stop();
  await world[Symbol.asyncDispose]();
});

const words = (line: string) =>
  (line.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ''));

async function spec(name: string, at = demo) {
  return (await world.cluster.get(backupConfigurations, name, at)).spec;
}

async function succeeds(name: string, line: string, options: RunOptions = {}): Promise<void> {
  const { code, out, err } = await world.run(words(line), options);
  assert.equal(code, 0, err);
  matchGolden(`commands/schedule/${name}`, `${out}--- stderr\n${settled(err)}`);
}

async function refuses(name: string, line: string, code: number, options: RunOptions = {}): Promise<void> {
  const before = await world.census();
  const ran = await world.run(words(line), options);
  assert.deepEqual([ran.code, ran.out], [code, ''], ran.err);
  await checkAdvice(ran.err);
  matchGolden(`commands/schedule/${name}`, ran.err);
  assert.deepEqual(await world.census(), before);
}

test('schedule creates a configuration, and prints the next runs and that an operator has accepted it', async () => {
  world.standAt(10);
  await succeeds('created', 'schedule deploy/web --cron "0 3 * * *" --keep-last 5 --keep-daily 7');
  const made = await spec('deploy-web');
  assert.deepEqual(made, {
    driver: 'VolumeSnapshotter',
    schedule: '0 3 * * *',
    paused: false,
    target: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
    retentionPolicy: { name: 'keep-last-5-keep-daily-7', prune: true, keepLast: 5, keepDaily: 7 },
  });
});

test('schedule changes only the given fields', async () => {
  const before = await spec('deploy-web');
  await succeeds(
    'configured',
    'schedule deploy/web --keep-weekly 4 --timeout 30m --retries 2 --retry-delay 90s',
  );
  assert.deepEqual(await spec('deploy-web'), {
    ...before,
    retentionPolicy: { name: 'keep-weekly-4', prune: true, keepWeekly: 4 },
    timeOut: '30m0s',
    retryConfig: { maxRetry: 2, delay: '1m30s' },
  });
  await succeeds('unchanged', 'schedule deploy/web --keep-weekly 4');
  await succeeds('hooked', 'schedule deploy/web --pre "sync -f" --post true --container main');
  assert.deepEqual((await spec('deploy-web')).hooks, {
    preBackup: { exec: { command: ['/bin/sh', '-c', 'sync -f'] }, containerName: 'main' },
    postBackup: {
      exec: { command: ['/bin/sh', '-c', 'true'] },
      containerName: 'main',
      executionPolicy: 'Always',
    },
  });
});

test('a dry run shows and changes nothing', async () => {
  const before = await world.census();
  await succeeds('dry-run', 'schedule sts/db --cron @daily --keep-last 3 --dry-run=client');
  const ran = await world.run(
    words('schedule sts/db --cron @daily --keep-all --paused --dry-run=server -o yaml'),
  );
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.out, /^kind: BackupConfiguration$/m);
  assert.match(ran.out, /^ {2}paused: true$/m);
  await succeeds('dry-run-configured', 'schedule deploy/web --keep-last 1 --dry-run=client');
  assert.deepEqual(await world.census(), before);
});

test('schedule changes the configuration that snapshot made', async () => {
  world.standAt(20);
  const taken = await world.run('snapshot deploy/cache --executor=local');
  assert.equal(taken.code, 0, taken.err);
  await refuses('resume-placeholder', 'resume deploy-cache', 1);
  await refuses('placeholder-without-keep', 'schedule deploy/cache --cron @hourly', 2);
  await succeeds('placeholder', 'schedule deploy/cache --cron @hourly --keep-hourly 24');
  const { paused, schedule } = await spec('deploy-cache');
  assert.deepEqual([paused, schedule], [false, '@hourly']);
});

test('without an operator, schedule creates the configuration, and warns that it will not run', async () => {
  world.race();
  await succeeds('nobody', 'schedule deploy/web --cron "0 3 * * *" --keep-last 5 -n alone');
  world.standAt(30);
  assert.equal((await spec('deploy-web', alone)).paused, false);
  await succeeds('resume-alone', 'resume deploy-web -n alone');
});

test("beside AppsCode's operator no --keep flags, and one class", async () => {
  world.standAt(35);
  const run = (line: string) => world.run(words(line), { through: withAppscode });
  const refused = await run('schedule sts/db --cron @daily --keep-last 5');
  assert.equal(refused.code, 1, refused.err);
  await checkAdvice(refused.err);
  matchGolden('commands/schedule/appscode-keep', refused.err);
  const shown = await run('schedule sts/db --cron @daily --keep-all --dry-run=client -o yaml');
  assert.equal(shown.code, 0, shown.err);
  assert.match(shown.out, /^ {4}snapshotClassName: sandbox$/m);
});

test('pause and resume', async () => {
  world.standAt(40);
  await succeeds('paused', 'pause deploy-web bc/deploy-cache');
  assert.equal((await spec('deploy-web')).paused, true);
  await succeeds('paused-again', 'pause deploy-web');
  await succeeds('resumed-dry', 'resume deploy-web --dry-run=server');
  assert.equal((await spec('deploy-web')).paused, true);
  await succeeds('resumed', 'resume deploy-web backupconfiguration.stash.appscode.com/deploy-cache');
  assert.equal((await spec('deploy-web')).paused, false);
  await succeeds('resumed-again', 'resume deploy-web -o name');
  await succeeds('paused-all', 'pause --all -n alone');
  await refuses('pause-none', 'pause', 2);
  await refuses('pause-unknown', 'pause deploy-wep other', 3);
  await refuses('pause-all-and-one', 'pause deploy-web --all', 2);
  await refuses('pause-target', 'pause deploy/web', 1);
  await refuses('pause-target-unknown', 'pause deploy/cach', 3);
  await refuses('pause-target-none', 'pause pvc/data', 3);
  await succeeds('paused-target', 'pause deploy/cache deploy-cache');
  await succeeds('resumed-target', 'resume deployment cache');
  await refuses('pause-other-type', 'pause pod/web', 2);
  await refuses('pause-no-namespace', 'pause deploy-web -n prod', 3);
});

test('schedule says whether a paused configuration stays paused', async () => {
  const line = 'schedule deploy/web --timeout';
  await succeeds('becomes-paused', `${line} 40m --paused --dry-run=client`);
  await world.run('pause deploy-web');
  await succeeds('stays-paused', `${line} 50m`);
  assert.equal((await spec('deploy-web')).paused, true);
  await succeeds('stays-paused-unchanged', `${line} 50m`);
  await world.run('resume deploy-web');
  await succeeds('begins-paused', 'schedule sts/db --cron @daily --keep-last 3 --paused --dry-run=client');
});

test('trigger: an operator carries it out', async () => {
  world.standAt(50);
  const ran = await world.run('trigger bc/deploy-cache');
  assert.equal(ran.code, 0, ran.err);
  matchGolden('commands/schedule/triggered', `${ran.out}--- stderr\n${settled(ran.err)}`);
  const { items } = await world.cluster.list(backupSessions, { namespace: demo });
  const last = items.find(({ metadata }) => metadata.name === 'deploy-cache-1773457250');
  assert.match(last?.metadata.annotations?.['stash.appscode.com/executor'] ?? '', new RegExp(ownId));
  assert.equal(last?.status?.phase, 'Succeeded');
  world.standAt(60);
  await succeeds('trigger-left', 'trigger deploy/cache --wait=false');
});

test('trigger: without an operator, this command carries it out', async () => {
  world.race();
  const ran = await world.run('trigger deploy-web -n alone');
  world.standAt(70);
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err, /^no operator found in namespace alone: running the session from here$/m);
  const { items } = await world.cluster.list(volumeSnapshots, { namespace: alone });
  assert.deepEqual(
    items.map(({ spec: of, status }) => [of.source.persistentVolumeClaimName, status?.readyToUse]),
    [['data', true]],
  );
});

test('trigger refuses a configuration that it cannot run', async () => {
  await refuses('trigger-unknown', 'trigger deploy-chache', 3);
  await refuses('trigger-restic', 'trigger files', 1);
  await refuses('trigger-no-target', 'trigger lost', 3);
  await refuses('trigger-odd', 'trigger odd', 1);
  await refuses('trigger-nobody-else', 'trigger deploy-web --wait=false --executor=local', 2);
  await refuses('trigger-target', 'trigger deploy/web', 1);
});

test('delete schedule deletes the configuration and its sessions, and keeps the snapshots', async () => {
  world.standAt(75);
  const taken = await world.run('snapshot deploy/web -n alone --executor=local');
  assert.equal(taken.code, 0, taken.err);
  const before = await world.census();
  await succeeds('delete-dry-run', 'delete schedule deploy/web -n alone --dry-run=client');
  await refuses('delete-nobody-asked', 'delete schedule deploy-web -n alone', 2);
  await refuses('delete-target', 'delete schedule deploy/web --yes', 1);
  await refuses('delete-unknown', 'delete schedule deploy-wep -n alone --yes', 3);
  await refuses('delete-nothing', 'delete schedule --yes', 2);
  assert.deepEqual(await world.census(), before);
  await succeeds('deleted', 'delete schedule deploy/web -n alone --yes');
  await world.until(backupSessions, alone, 'deploy-web-1773457275', (it) => it === undefined);
  const left = (await world.census()).filter((line) => line.includes(`${alone}/`));
  const gone = before.filter((line) => line.includes(`${alone}/`) && !left.includes(line));
  assert.deepEqual(
    gone.map((line) => line.replace(/-[0-9]+$/, '-SECONDS')),
    ['BackupConfiguration alone/deploy-web', 'BackupSession alone/deploy-web-SECONDS'],
  );
  const { code, out } = await world.run('restore deploy/web -n alone --suffix -again --dry-run=client');
  assert.equal(code, 0, out);
});

test('delete schedule is refused while a session runs, unless it is forced', async () => {
  const ran = await world.run('schedule deploy/cache -n alone --cron @daily --keep-last 2 --wait=false');
  assert.equal(ran.code, 0, ran.err);
  const { metadata } = await world.cluster.get(backupConfigurations, 'deploy-cache', alone);
  const owner = {
    apiVersion: 'stash.appscode.com/v1beta1',
    kind: 'BackupConfiguration',
    name: metadata.name,
  };
  await world.create([
    backupSessions,
    object('stash.appscode.com/v1beta1', 'BackupSession', {
      metadata: { name: 'running', namespace: alone, ownerReferences: [{ ...owner, uid: metadata.uid }] },
      spec: { invoker: { kind: 'BackupConfiguration', name: metadata.name } },
    }),
  ]);
  await refuses('delete-running', 'delete schedule deploy/cache -n alone --yes', 1);
  await succeeds('delete-forced', 'delete schedule deploy/cache -n alone --yes --force -o name');
});

const wrong = [
  { name: 'bad-cron', line: 'schedule deploy/web --cron "0 25 * * *" --keep-last 5', code: 2 },
  { name: 'no-cron', line: 'schedule sts/db --keep-last 5', code: 2 },
  { name: 'no-keep', line: 'schedule sts/db --cron @daily', code: 2 },
  { name: 'keep-zero', line: 'schedule sts/db --cron @daily --keep-last 0', code: 2 },
  { name: 'keep-all-and-last', line: 'schedule sts/db --cron @daily --keep-last 5 --keep-all', code: 2 },
  { name: 'bad-name', line: 'schedule sts/db --cron @daily --keep-last 5 --name My_DB', code: 2 },
  { name: 'container-alone', line: 'schedule sts/db --cron @daily --keep-last 5 --container main', code: 2 },
  { name: 'delay-alone', line: 'schedule sts/db --cron @daily --keep-last 5 --retry-delay 1m', code: 2 },
  { name: 'two-targets', line: 'schedule sts/db deploy/web --cron @daily --keep-last 5', code: 2 },
  { name: 'unknown-target', line: 'schedule sts/dbb --cron @daily --keep-last 5', code: 3 },
  { name: 'no-claims', line: 'schedule deploy/bare --cron @daily --keep-last 5', code: 1 },
  {
    name: 'unknown-class',
    line: 'schedule sts/db --cron @daily --keep-last 5 --snapshot-class nope',
    code: 3,
  },
  { name: 'name-of-another', line: 'schedule sts/db --cron @daily --keep-last 5 --name deploy-web', code: 1 },
  { name: 'name-of-restic', line: 'schedule deploy/web --cron @daily --keep-last 5 --name files', code: 1 },
  { name: 'name-not-ours', line: 'schedule deploy/web --cron @daily --keep-last 5 --name foreign', code: 1 },
];

for (const { name, line, code } of wrong) test(`schedule refuses: ${name}`, () => refuses(name, line, code));

test('schedule refuses a user who may not create configurations', async () => {
  const through = withoutRight('create', 'stash.appscode.com', 'backupconfigurations');
  await refuses('lacks-create', 'schedule sts/db --cron @daily --keep-last 5', 1, { through });
});

test('create backupconfiguration, with the flags of Stash', async () => {
  world.standAt(80);
  const line =
    'create backupconfiguration db-nightly --target-apiversion=apps/v1 --target-kind=StatefulSet --target-name=db ' +
    '--schedule="*/5 * * * *" --driver=VolumeSnapshotter --replica=1 --volumesnpashotclass=sandbox --keep-last=5 --paused';
  await succeeds('bc-dry-run', `${line} --dry-run=client`);
  await succeeds('bc-created', line);
  assert.deepEqual(await spec('db-nightly'), {
    driver: 'VolumeSnapshotter',
    schedule: '*/5 * * * *',
    paused: true,
    target: {
      ref: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
      replicas: 1,
      snapshotClassName: 'sandbox',
    },
    retentionPolicy: { name: 'keep-last-5', prune: true, keepLast: 5 },
  });
  const again = await world.run(words(line));
  assert.equal(again.code, 1, again.err);
});

const make = 'create backupconfiguration x';
const wrongConfigurations = [
  { name: 'bc-no-name', line: 'create backupconfiguration', code: 2 },
  { name: 'bc-no-target', line: `${make} --schedule @daily --keep-last 5`, code: 2 },
  {
    name: 'bc-no-schedule',
    line: `${make} --target-kind Deployment --target-name web --keep-last 5`,
    code: 2,
  },
  {
    name: 'bc-no-keep',
    line: `${make} --target-kind Deployment --target-name web --schedule @daily`,
    code: 2,
  },
  {
    name: 'bc-bad-schedule',
    line: `${make} --target-kind Deployment --target-name web --schedule daily --keep-all`,
    code: 2,
  },
  {
    name: 'bc-bad-version',
    line: `${make} --target-kind Deployment --target-name web --target-apiversion v1 --schedule @daily --keep-all`,
    code: 2,
  },
  { name: 'bc-restic', line: `${make} --driver Restic`, code: 2 },
  { name: 'bc-repository', line: `${make} --repo-name gcs-repo`, code: 2 },
  { name: 'bc-driver', line: `${make} --driver velero`, code: 2 },
  {
    name: 'bc-kind',
    line: `${make} --target-kind Pod --target-name web --schedule @daily --keep-all`,
    code: 2,
  },
];

for (const { name, line, code } of wrongConfigurations)
  test(`create backupconfiguration refuses: ${name}`, () => refuses(name, line, code));

test('create restoresession, with the flags of Stash', async () => {
  world.standAt(90);
  const taken = await world.run('snapshot sts/db --executor=local -n alone');
  assert.equal(taken.code, 0, taken.err);
  const line =
    'create restoresession again -n alone --driver=VolumeSnapshotter --replica=1 --claim.name=copy-${POD_ORDINAL} ' +
    '--claim.access-modes=ReadWriteOnce --claim.storageclass=sandbox --claim.size=1Gi ' +
    '--claim.datasource=data-db-${POD_ORDINAL}-1773457290 --target-kind=StatefulSet --target-name=db';
  const shown = await world.run(words(`${line} --dry-run=client -o yaml`));
  assert.equal(shown.code, 0, shown.err);
  matchGolden('commands/schedule/restore-dry-run', withoutIds(shown.out));
  await succeeds('restore-created', line);
  const { spec: made } = await world.cluster.get(restoreSessions, 'again', alone);
  assert.equal(made.target?.volumeClaimTemplates?.[0]?.metadata.name, 'copy-${POD_ORDINAL}');
});

const bring = 'create restoresession y -n alone --claim.name z';
const wrongRestores = [
  { name: 'restore-no-claim', line: 'create restoresession y', code: 2 },
  { name: 'restore-no-source', line: bring, code: 2 },
  { name: 'restore-bad-size', line: `${bring} --claim.datasource s --claim.size big`, code: 2 },
  {
    name: 'restore-bad-mode',
    line: `${bring} --claim.datasource s --claim.size 1Gi --claim.access-modes RWO`,
    code: 2,
  },
  {
    name: 'restore-bad-variable',
    line: `${bring}-\${ORDINAL} --claim.datasource s --claim.size 1Gi`,
    code: 2,
  },
  {
    name: 'restore-unknown',
    line: `${bring} --claim.datasource data-db-0-177345729 --claim.size 1Gi`,
    code: 3,
  },
  { name: 'restore-restic', line: `${bring} --snapshots=latest`, code: 2 },
];

for (const { name, line, code } of wrongRestores)
  test(`create restoresession refuses: ${name}`, () => refuses(name, line, code));
