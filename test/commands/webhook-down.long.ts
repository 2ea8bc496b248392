/** An admission webhook that cannot be reached: the API server answers 500 for as long as that lasts. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { backupSessions, restoreSessions } from '#src/api/resources.ts';

import { claim, namespace } from './objects.ts';
import { startWorld, type World } from './world.ts';

const local = '--executor=local';
let world: World;

before(async () => {
  world = await startWorld();
  const names = ['data', 'known', ...triggered];
  await world.create(namespace('demo'), ...names.map((name) => claim('demo', name)));
  await world.bound('demo', ...names);
  for (const name of ['known', ...triggered]) {
    const taken = await world.run(`snapshot pvc/${name} ${local}`);
    assert.equal(taken.code, 0, taken.err);
  }
  world.race(20);
});

afterEach(() => {
  world.sandbox.faults.clear();
});

after(() => world[Symbol.asyncDispose]());

const words = 'failed calling webhook "policy.example.test": no endpoints available for service "policy"';

function breakDown(verb: string, plural: string): void {
  world.sandbox.faults.inject({
    ...{ verb, plural, times: Infinity },
    effect: { kind: 'fail', code: 500, reason: 'InternalError', message: words },
  });
}

// Each has a claim of its own: a creation that was cut off at the limit may still arrive, and another command would go on
// with it.
const triggered = ['one', 'two', 'three'] as const;
const trigger = (of: (typeof triggered)[number]) => `trigger pvc-${of} ${local}`;
const restore = `restore pvc/known --suffix=-copy ${local}`;

/** What fails, the command, and its exit code: 5 if it ran out of time, 4 if its session ended Failed by then. */
const cases = [
  ['create', 'backupconfigurations', `snapshot pvc/data ${local}`, [5]],
  ['create', 'backupsessions', `snapshot pvc/known ${local}`, [5]],
  ['create', 'backupsessions', trigger('one'), [5]],
  ['patch', 'backupsessions/status', trigger('two'), [5]],
  ['create', 'volumesnapshots', trigger('three'), [4, 5]],
  ['create', 'restoresessions', restore, [5]],
  ['create', 'restoresessions', 'restore pvc/known --suffix=-left --executor=operator --wait=false', [5]],
  ['patch', 'restoresessions/status', restore, [5]],
  ['create', 'persistentvolumeclaims', restore, [4, 5]],
] as const;

for (const [verb, plural, line, exit] of cases) {
  test(`${line.split(' ', 1).join()} tells that it cannot ${verb} ${plural}, and ends by --timeout`, async () => {
    breakDown(verb, plural);
    const began = performance.now();
    const { code, err } = await world.run(`${line} --timeout=30s`);
    const took = performance.now() - began;
    assert.ok(
      exit.some((each) => each === code),
      `${code} ${err}`,
    );
    const told = err.split('\n').filter((each) => each.includes(words));
    assert.ok(told.length >= 2, err);
    assert.match(err, /^error: .*failed calling webhook/m);
    // The clock runs twenty times as fast: 30 s are 1.5 s.
    assert.ok(took < 30_000, `${took} ms`);
    world.sandbox.faults.clear();
    await endAll();
  });
}

/** Without them, the next command would go on with an unfinished session. */
async function endAll(): Promise<void> {
  for (const kind of [backupSessions, restoreSessions] as const) {
    const { items } = await world.cluster.list<KubernetesObject>(kind, { namespace: 'demo' });
    for (const { metadata } of items)
      await world.cluster.delete(kind, { name: metadata.name, namespace: 'demo' });
  }
}
