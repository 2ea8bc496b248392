/** A number from a spec must not be a loop bound, nor a time that no clock has: each is limited before it is used. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { backupConfigurations, restoreSessions } from '#src/api/resources.ts';
import type { BackupConfiguration, RestoreSession, VolumeClaimTemplate } from '#src/api/stash.ts';
import { followedClaims } from '#src/domain/restore/followed-claims.ts';
import { expandTemplates } from '#src/domain/restore/expand-templates.ts';
import { racedClaims } from '#src/domain/restore/ways-on.ts';
import { checkConfiguration } from '#src/domain/operator/check-configuration.ts';
import { decideRetry } from '#src/domain/operator/retry.ts';
import { timeLimitMs } from '#src/domain/session/session-status.ts';
import { claimsOfTarget } from '#src/domain/workload/claims.ts';
import { claim, deployment, namespace } from '#test/commands/objects.ts';
import { startWorld } from '#test/commands/world.ts';
import { configuration, restoreSession, statefulSet, target } from '#test/domain/objects.ts';
import { at, ready, session } from '#test/domain/operator/session-worlds.ts';
import { openSessionStage } from '#test/operator/session-stage.ts';

const billions = 2_147_483_647;
const never = '99999999999h';

function template(name: string, labels: Record<string, string> = {}): VolumeClaimTemplate {
  return {
    metadata: { name, labels },
    spec: {
      accessModes: ['ReadWriteOnce'],
      dataSource: {
        apiGroup: 'snapshot.storage.k8s.io',
        kind: 'VolumeSnapshot',
        name: 'snap-${POD_ORDINAL}',
      },
    },
  };
}

function restoring(
  templates: readonly VolumeClaimTemplate[],
  replicas = billions,
  spec: Partial<RestoreSession['spec']> = {},
): RestoreSession['spec'] {
  return { driver: 'VolumeSnapshotter', target: { replicas, volumeClaimTemplates: [...templates] }, ...spec };
}

const place = await openSessionStage();
const world = await startWorld();
after(() => Promise.all([place[Symbol.asyncDispose](), world[Symbol.asyncDispose]()]));
await world.create(namespace('demo'), claim('demo', 'data'), deployment('demo', 'web', ['data']));
await world.bound('demo', 'data');

test('nothing is built for ordinals beyond the limit of a session', () => {
  const stored = restoreSession();
  const expand = (spec: RestoreSession['spec'], most?: number) => expandTemplates({ ...stored, spec }, most);
  const data = template('data-${POD_ORDINAL}');
  const message = `the session has ${billions} claims, and the limit is 1000`;
  assert.throws(() => expand(restoring([data])), { kind: 'invalid', message });
  assert.equal(expand(restoring([data], 1_000)).length, 1_000);
  assert.equal(expand(restoring([data], 3_000), 3_000).length, 3_000);
  assert.throws(() => expand(restoring([data, template('logs-${POD_ORDINAL}')], 501)), {
    message: 'the session has 1002 claims, and the limit is 1000',
  });
  const followed = { claims: new Map<string, never>(), classes: [], pods: [] };
  assert.throws(() => followedClaims({ ...stored, spec: restoring([data]) }, followed), { kind: 'invalid' });
});

test('a template that would multiply into gigabytes is refused before it is expanded', () => {
  const stored = restoreSession();
  const labels = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`l${index}`, '${POD_ORDINAL}']),
  );
  const spec = restoring([template('data-${POD_ORDINAL}', labels)], 1_000);
  assert.throws(() => expandTemplates({ ...stored, spec }), {
    kind: 'invalid',
    message: /^the templates stand for \d+ characters, and the limit is 20000000$/,
  });
  for (const [long, words] of [
    ['${POD_ORDINAL}'.repeat(70_000), /^metadata\.labels\.a is longer than 1000 characters$/],
    ['${'.repeat(500_000), /^metadata\.labels\.a is longer than 1000 characters$/],
  ] as const) {
    const one = restoring([template('data-${POD_ORDINAL}', { a: long })], 1);
    assert.throws(() => expandTemplates({ ...stored, spec: one }), { kind: 'invalid', message: words });
  }
});

test('the claims of a StatefulSet are counted before they are named', () => {
  const set = { kind: 'StatefulSet', object: statefulSet(billions) } as const;
  const of = claimsOfTarget(set, { claims: [], pods: [] });
  assert.ok('failure' in of);
  assert.equal(
    of.failure.message,
    `statefulset/db has ${billions} claims, and the limit of a session is 1000`,
  );
  const chosen = claimsOfTarget(
    { ...set, object: statefulSet(1) },
    { claims: [], pods: [], replicas: billions },
  );
  assert.ok('failure' in chosen);
  const words = { target, workload: set.object, flags: { suffix: undefined, claim: [] } };
  const names = ['data-db-0', `data-db-${billions - 1}`, `data-db-${billions}`, 'other'];
  assert.deepEqual(racedClaims(names, words as never), names.slice(0, 2));
});

test('a configuration tells the limit of each number, time and text in words', () => {
  const ref = { kind: 'StatefulSet', name: 'db' };
  const schedule = '0 3 * * *';
  const problemsOf = (spec: Partial<BackupConfiguration['spec']>) =>
    checkConfiguration(configuration('nightly', { schedule, ...spec })).problems;
  const rows: [Partial<BackupConfiguration['spec']>, string][] = [
    [{ target: { ref, replicas: billions } }, `spec.target.replicas is ${billions}, and the limit is 1000`],
    [{ timeOut: never }, `spec.timeOut "${never}" is not a duration such as 10m or 1h30m`],
    [{ timeOut: '9000h' }, 'spec.timeOut "9000h" is longer than 8760h, the limit'],
    [{ retryConfig: { delay: '9000h' } }, 'spec.retryConfig.delay "9000h" is longer than 8760h, the limit'],
    [
      { retryConfig: { maxRetry: billions } },
      `spec.retryConfig.maxRetry is ${billions}, and the limit is 10`,
    ],
    [{ backupHistoryLimit: 1_000_000 }, 'spec.backupHistoryLimit is 1000000, and the limit is 1000'],
    [{ schedule: `${'0,'.repeat(500_000)}0 * * * *` }, 'spec.schedule: it is longer than 1000 characters'],
  ];
  for (const [spec, problem] of rows) assert.deepEqual(problemsOf(spec), [problem]);
  for (const problem of problemsOf({
    target: { ref: { ...ref, name: 'x'.repeat(1_000_000), apiVersion: 'x'.repeat(1_000_000) } },
    timeOut: '1s'.repeat(500_000),
  })) {
    assert.ok(problem.length < 300, problem.slice(0, 300));
  }
});

test('a time limit is at least ten seconds and at most a year', () => {
  const rows: [string, number][] = [
    ['1ms', 10_000],
    ['0', 10_000],
    ['10s', 10_000],
    ['30m', 1_800_000],
    ['2000000h', 8_760 * 3_600_000],
    [never, 600_000],
  ];
  for (const [text, milliseconds] of rows) assert.equal(timeLimitMs(text), milliseconds, text);
});

test('retries are ten at most, ever further apart, whatever configuration and session ask for', () => {
  const asked = ready({ retryConfig: { maxRetry: billions, delay: '0s' }, timeOut: '1ms' });
  let failed = session({
    spec: { retryLeft: billions },
    status: { phase: 'Failed', sessionDuration: '1ms' },
  });
  const delays: number[] = [];
  for (;;) {
    const begun = Date.parse(failed.metadata.creationTimestamp);
    const step = decideRetry({ now: at(0), session: failed, configuration: asked, siblings: [] });
    if (step.do !== 'schedule') break;
    delays.push((step.at.getTime() - begun) / 1_000);
    const status = { ...failed.status, nextRetry: step.at.toISOString() };
    const due = decideRetry({
      now: step.at,
      session: { ...failed, status },
      configuration: asked,
      siblings: [],
    });
    assert.ok(due.do === 'create' && delays.length <= 10);
    const { name } = due.session.metadata;
    failed = session({ name, createdAt: step.at, spec: due.session.spec, status: failed.status });
  }
  assert.equal(delays.length, 10);
  assert.ok((delays[0] ?? 0) >= 10);
  assert.ok(delays.every((delay, index) => delay >= Math.min(3_600, 2 * (delays[index - 1] ?? 0) - 2)));
  const { warnings } = checkConfiguration({ ...asked, spec: { ...asked.spec, schedule: '@daily' } });
  assert.deepEqual(warnings, [
    'spec.timeOut "1ms" is shorter than 10s, which takes its place',
    'spec.retryConfig.delay "0s" is shorter than 10s, which takes its place',
  ]);
});

test('the operator calls such a session Invalid at once, and goes on with the next', async () => {
  const { stage } = place;
  const home = await stage.home(['data']);
  await using operator = await place.operator();
  const data = template('data-${POD_ORDINAL}');
  await place.restore(home, 'many', restoring([data]));
  await place.restore(home, 'late', restoring([data], 1, { timeOut: never }));
  for (const [name, message] of [
    ['many', `the session has ${billions} claims, and the limit is 1000`],
    ['late', `spec.timeOut "${never}" is not a duration such as 10m or 1h30m`],
  ] as const) {
    const { status } = await place.restored(home, name);
    assert.equal(status?.phase, 'Invalid');
    assert.equal(status.conditions?.[0]?.message, message);
  }
  await place.configuration(home);
  await place.session(home, 'normal');
  assert.equal((await place.ended(home, 'normal')).status?.phase, 'Succeeded', operator.id);
});

test('an operator with a limit of its own', async () => {
  const { stage } = place;
  const home = await stage.home(['data']);
  await using strict = await place.operator({ claimsPerSession: 2 });
  await place.restore(home, 'three', restoring([template('data-${POD_ORDINAL}')], 3));
  const { status } = await place.restored(home, 'three');
  assert.equal(status?.conditions?.[0]?.message, 'the session has 3 claims, and the limit is 2', strict.id);
});

test('the command line refuses what the operator would call Invalid', async () => {
  const object = {
    ...restoreSession(),
    metadata: { name: 'r' },
    spec: restoring([template('d-${POD_ORDINAL}')]),
  };
  const restored = await world.run('restore -f r.json', { files: { 'r.json': JSON.stringify(object) } });
  assert.deepEqual([restored.code, restored.out], [2, '']);
  assert.match(restored.err, /the session has 2147483647 claims, and the limit is 1000\n/);
  const made = await world.run([
    ...['create', 'restoresession', 'r', `--replica=${billions}`, '--claim.name=data-${POD_ORDINAL}'],
    ...['--claim.size=1Gi', '--claim.datasource=snap-${POD_ORDINAL}'],
  ]);
  assert.equal(made.code, 2, made.err);
  assert.match(made.err, /the limit is 1000\n/);
  assert.deepEqual((await world.cluster.list(restoreSessions)).items, []);
  assert.equal((await world.run('snapshot deploy/web --claims-per-session=0')).code, 2);
  assert.equal((await world.run('snapshot deploy/web --claims-per-session=10001')).code, 2);
  const less = await world.run('snapshot deploy/web --claims-per-session=1 --dry-run=client');
  assert.equal(less.code, 0, less.err);
});

test('a duration that no clock has is a usage error', async () => {
  for (const words of [
    `snapshot deploy/web --timeout ${never}`,
    `restore deploy/web --timeout ${never}`,
    'snapshot deploy/web --timeout 9000h',
    `wait session --timeout ${never}`,
    `snapshot deploy/web --pre=a --post=b --max-freeze ${never}`,
    `schedule deploy/web --cron @daily --keep-last 1 --retries 1 --retry-delay ${never}`,
    `list --request-timeout ${never}`,
    'list --request-timeout 9000h',
  ]) {
    const { code, err } = await world.run(words);
    assert.equal(code, 2, `${words}: ${err}`);
    assert.match(err, /^error: --(?:timeout|max-freeze|retry-delay|request-timeout) takes a duration /);
  }
  assert.deepEqual((await world.cluster.list(backupConfigurations)).items, []);
});
