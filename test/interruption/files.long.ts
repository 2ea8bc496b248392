/**
 * Proves that `browse`, `cp` and `diff` leave nothing: the command is frozen at each of its writes in turn, and after its deadline the next
 * command removes what it has made.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { annotation } from '#src/api/labels.ts';
import { persistentVolumeClaims, pods, restoreSessions } from '#src/api/resources.ts';
import { lastsMs } from '#src/domain/session/file-session.ts';
import { freezing, type FreezePoint } from '#test/session/freezing.ts';
import { hastyClock } from '#test/session/clocks.ts';
import { openStage } from '#test/session/stage.ts';
import { scaledClock } from '#test/support/scaled-clock.ts';

const stage = await openStage();
after(() => stage.stop());

const argv = 'browse deploy/app --image busybox';
const stdin = 'exit 0\n';

async function home(): Promise<string> {
  const namespace = await stage.home(['data']);
  const { exit, context } = stage.play('snapshot deploy/app', { namespace, clock: scaledClock() });
  assert.equal(await exit, 0, context.stderr());
  return namespace;
}

async function gone(namespace: string): Promise<void> {
  await stage.until(restoreSessions, namespace, (all) => all.length === 0);
  await stage.until(pods, namespace, (all) => all.length === 0);
  await stage.until(persistentVolumeClaims, namespace, (all) =>
    all.every(({ metadata }) => metadata.annotations?.[annotation.restoreSessionUid] === undefined),
  );
}

async function writesOfOne(): Promise<readonly string[]> {
  const namespace = await home();
  const { cluster, writes } = freezing(stage.cluster);
  const { exit, context } = stage.play(argv, { namespace, clock: hastyClock(), cluster, stdin });
  assert.equal(await exit, 0, context.stderr());
  await gone(namespace);
  return writes;
}

test('a kill at every write leaves nothing after the deadline', async (t) => {
  const writes = await writesOfOne();
  assert.deepEqual(writes, [
    // Whether the API server would accept the pod.
    'create pods',
    'create restoresessions',
    'create persistentvolumeclaims',
    'create pods',
    'delete restoresessions',
  ]);
  const points = writes.flatMap((what, index) =>
    (['before', 'after'] as const).map((when) => ({ what, at: { write: index + 1, when } })),
  );
  for (const { what, at } of points) await survive(what, at);
  t.diagnostic(`left nothing in ${points.length} of ${points.length} runs`);
});

async function survive(what: string, at: FreezePoint): Promise<void> {
  const namespace = await home();
  const clock = hastyClock();
  const port = freezing(stage.cluster, at);
  stage.play(argv, { namespace, clock, cluster: port.cluster, stdin });
  await port.frozen;
  const left = await stage.all(restoreSessions, namespace);
  const early = hastyClock(new Date(clock.now().getTime() + lastsMs - 60_000));
  const next = async (at: typeof early) => {
    const { exit, context } = stage.play(argv, { namespace, clock: at, stdin });
    assert.equal(await exit, 0, `${what}: ${context.stderr()}`);
  };
  // A command that may still live keeps what it has.
  await next(early);
  const names = (await stage.all(restoreSessions, namespace)).map(({ metadata }) => metadata.name);
  for (const { metadata } of left)
    if (metadata.deletionTimestamp === undefined) assert.ok(names.includes(metadata.name), what);
  await next(hastyClock(new Date(clock.now().getTime() + lastsMs + 60_000)));
  await gone(namespace);
}

test('a command that lives for longer than the deadline extends it', async () => {
  const namespace = await home();
  const clock = scaledClock(200);
  const stop = new AbortController();
  const { exit } = stage.play(argv, { namespace, clock, signal: stop.signal, stdin: 'sleep 6; exit 0\n' });
  const first = await stage.until(restoreSessions, namespace, (all) => all.length === 1);
  const until = first[0]?.metadata.annotations?.[annotation.filesUntil] ?? '';
  await stage.until(restoreSessions, namespace, (all) =>
    all.some(({ metadata }) => (metadata.annotations?.[annotation.filesUntil] ?? '') > until),
  );
  stop.abort();
  await exit;
  await gone(namespace);
});
