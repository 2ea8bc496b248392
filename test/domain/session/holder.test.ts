/** Who holds a session, and whether the holder is alive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Pod, Stored } from '#src/api/kubernetes.ts';
import { annotation } from '#src/api/labels.ts';
import { holderLife, isPodNameOf } from '#src/domain/session/holder-life.ts';
import {
  commandLineId,
  formatHolder,
  goesByHolder,
  isCommandLine,
  lifeLeft,
  readHolder,
  sight,
  type Sighting,
} from '#src/domain/session/holder.ts';

import { backupSession, pod } from '#test/domain/objects.ts';

const bare = backupSession();
function heldBy(value: string) {
  return { ...bare, metadata: { ...bare.metadata, annotations: { [annotation.executor]: value } } };
}
const elsewhere = { ...bare, metadata: { ...bare.metadata, annotations: { other: 'x' } } };

const start = Date.parse('2026-03-14T03:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1_000);

test('the annotation names the holder and its counter', () => {
  const rows: [value: string, ReturnType<typeof readHolder>][] = [
    ['cli-1 2', { id: 'cli-1', counter: 2 }],
    ['pod-a 120', { id: 'pod-a', counter: 120 }],
    // Another program's value is an id as a whole, so that its sessions are not taken over before it is dead.
    ['pod-a', { id: 'pod-a', counter: 0 }],
    ['pod-a x1', { id: 'pod-a x1', counter: 0 }],
    ['pod-a 1 2', { id: 'pod-a 1 2', counter: 0 }],
    ['pod-a 12 x', { id: 'pod-a 12 x', counter: 0 }],
    ['', undefined],
  ];
  for (const [value, holder] of rows) assert.deepEqual(readHolder(heldBy(value)), holder, value);
  for (const none of [bare, elsewhere]) assert.equal(readHolder(none), undefined);
});

test('what an executor writes is read as it was written', () => {
  const holder = { id: commandLineId(), counter: 17 };
  assert.deepEqual(readHolder(heldBy(formatHolder(holder))), holder);
});

test('a session that was given back was carried out by a holder, one without the annotation was not', () => {
  assert.equal(goesByHolder(heldBy('')), true);
  assert.equal(goesByHolder(heldBy('cli-1 2')), true);
  for (const none of [bare, elsewhere]) assert.equal(goesByHolder(none), false);
});

test('each run of the command line has an id of its own, which is told from a pod', () => {
  const ids = Array.from({ length: 20 }, commandLineId);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) {
    assert.match(id, /^cli-[0-9a-f]{8}$/);
    assert.ok(isCommandLine({ id, counter: 0 }));
  }
  assert.ok(!isCommandLine({ id: 'stash-vs-cli-', counter: 0 }));
});

test('an observer counts the silence from the last change of id or counter that it saw', () => {
  const seen = sight(undefined, heldBy('a 1'), at(0));
  assert.deepEqual(seen, { holder: { id: 'a', counter: 1 }, since: at(0) });
  assert.equal(sight(seen, heldBy('a 1'), at(9)), seen);
  assert.deepEqual(sight(seen, heldBy('a 2'), at(9)), { holder: { id: 'a', counter: 2 }, since: at(9) });
  assert.deepEqual(sight(seen, heldBy('b 1'), at(9)), { holder: { id: 'b', counter: 1 }, since: at(9) });
  const free = sight(seen, heldBy(''), at(9));
  assert.deepEqual(free, { holder: undefined, since: at(9) });
  assert.equal(sight(free, bare, at(20)), free);
  assert.deepEqual(sight(free, heldBy('a 1'), at(20)).since, at(20));
  assert.deepEqual(sight(undefined, bare, at(3)), { holder: undefined, since: at(3) });
});

test('a holder counts as dead after 30 s of silence', () => {
  const seen = sight(undefined, heldBy('a 1'), at(0));
  assert.deepEqual(
    [0, 29, 30, 31].map((seconds) => lifeLeft(seen, at(seconds))),
    [30_000, 1_000, 0, -1_000],
  );
});

test('a holder is as alive as its renewals say, and a pod of the Job as its pod', () => {
  const jobName = 'stash-vs-s1';
  const podName = `${jobName}-abcde`;
  const living = pod(podName, []);
  const over = pod(podName, [], 'Succeeded');
  const other = pod(`${jobName}-xxxxx`, [], 'Succeeded');
  const life = (holder: string, pods: readonly Stored<Pod>[], seconds: number) => {
    const sighting: Sighting = sight(undefined, heldBy(holder), at(0));
    return holderLife({ sighting, jobName, pods }, at(seconds));
  };
  const ofPod = { id: podName, counter: 1 };
  const cli = { id: 'cli-1', counter: 1 };
  const until = at(30);
  assert.deepEqual(life('', [living], 5), { state: 'none' });
  assert.deepEqual(life('cli-1 1', [], 5), { state: 'living', holder: cli, ofJob: false, until });
  assert.deepEqual(life('cli-1 1', [], 30), { state: 'dead', holder: cli });
  assert.deepEqual(life(`${podName} 1`, [other, living], 29), {
    ...{ state: 'living', holder: ofPod, ofJob: true, until },
  });
  assert.deepEqual(life(`${podName} 1`, [living], 31), { state: 'dead', holder: ofPod });
  assert.deepEqual(life(`${podName} 1`, [over], 5), { state: 'dead', holder: ofPod });
  assert.deepEqual(life(`${podName} 1`, [other], 5), { state: 'gone', holder: ofPod, until });
});

test('a pod has the name of its Job, of which Kubernetes keeps 58 characters', () => {
  const long = `stash-vs-${'x'.repeat(54)}`;
  assert.ok(isPodNameOf(`${long.slice(0, 58)}abcde`, long));
  assert.ok(!isPodNameOf(`${long.slice(0, 57)}abcdef`, long));
  assert.ok(isPodNameOf('stash-vs-s1-abcde', 'stash-vs-s1'));
  for (const name of ['stash-vs-s10-abcde', 'other-stash-vs-s1-', 'stash-vs-s1'])
    assert.ok(!isPodNameOf(name, 'stash-vs-s1'), name);
});
