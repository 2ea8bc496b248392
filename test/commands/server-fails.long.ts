/** Where the API server fails to answer for one kind, `doctor` and `describe` say so and tell all the rest. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { examined, demo, place, web } from './doctor-world.ts';
import { configuration } from './objects.ts';
import { startWorld, type World } from './world.ts';

/** Of these kinds nothing can be done without the answer. */
const required = ['volumesnapshots', 'persistentvolumeclaims', 'backupsessions', 'volumesnapshotclasses'];
/** And the check that tells it, with `doctor`. */
const optional = {
  resourcequotas: 'quota',
  events: 'driver-limits',
  leases: 'sidecar-lease',
  csinodes: 'csi-driver',
  deployments: 'target',
  storageclasses: 'storage-classes',
  limitranges: 'limit-ranges',
} as const;

describe('a server that fails for one kind', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await place(world);
    await world.create(configuration(demo, 'nightly', web, { schedule: '@daily', paused: false }));
    assert.equal((await world.run('snapshot deploy/web --executor=local')).code, 0);
    world.race(1_000);
  });
  after(() => world[Symbol.asyncDispose]());

  const failing = async <T>(plural: string, code: number, run: () => Promise<T>): Promise<T> => {
    for (const verb of ['list', 'get'])
      world.sandbox.faults.inject({
        verb,
        plural,
        times: 50,
        effect: { kind: 'fail', code, reason: 'Injected' },
      });
    try {
      return await run();
    } finally {
      world.sandbox.faults.clear();
    }
  };

  for (const code of [410, 429, 500, 503]) {
    for (const words of ['', '-A']) {
      test(`doctor ${words}: ${code}`, async () => {
        for (const plural of required) {
          const found = await failing(plural, code, () => examined(world, words));
          const told = found.filter(({ level, message }) => level === 'fail' && message.includes(plural));
          assert.deepEqual(told.length, 1, `${plural}: ${JSON.stringify(told)}`);
          assert.ok(found.some(({ level }) => level === 'ok'));
        }
        for (const [plural, check] of Object.entries(optional)) {
          const found = await failing(plural, code, () => examined(world, words));
          const told = found.filter(({ level }) => level === 'unknown');
          assert.deepEqual(
            told.map((each) => [each.check, each.message.includes(plural)]),
            [[check, true]],
            plural,
          );
        }
      });
    }

    test(`describe: ${code}`, async () => {
      for (const plural of [...required.slice(0, 3), 'events', 'deployments']) {
        const ran = await failing(plural, code, () => world.run('describe deploy/web', { hints: false }));
        assert.deepEqual([ran.code, ran.err], [0, ''], plural);
        assert.match(ran.out, new RegExp(`unknown: .*${plural}`), plural);
      }
    });
  }

  test('a kind without which nothing is known ends the command with one line', async () => {
    for (const words of ['doctor', 'doctor -A', 'describe deploy/web']) {
      const ran = await failing('namespaces', 500, () => world.run(words, { hints: false }));
      assert.equal(ran.code, 1);
      assert.match(ran.err, /^error: \S+ could not (get|list) namespaces.*\n/);
    }
  });
});
