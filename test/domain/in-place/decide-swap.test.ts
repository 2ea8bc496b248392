import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { canAbandon } from '#src/domain/in-place/decide-abandoning.ts';
import { decideSwap } from '#src/domain/in-place/decide-swap.ts';
import { readRecord, stopMethods } from '#src/domain/in-place/record.ts';
import { annotation } from '#src/api/labels.ts';
import { formatRecord } from '#src/domain/in-place/record.ts';

import { apply, controllers, modelOf, saboteurs, worldOf, type Model } from './swap-model.ts';

/** What happens next: the executor acts (and may die after so many writes), a controller does, or somebody interferes. */
const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ who: fc.constant('executor' as const), writes: fc.constantFrom(0, 1, 9) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ who: fc.constant('controller' as const), which: fc.nat(controllers.length - 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ who: fc.constant('saboteur' as const), which: fc.nat(saboteurs.length - 1) }),
  },
);

const names = ['data', 'logs'];
const shapes = ['shared', 'each'] as const;
/** Long enough for most runs to pass every step. */
const acts = fc.array(act, { maxLength: 400, size: 'max' });

function assertSafe(model: Model): void {
  const generations = [...model.mounted.values()].map((volumes) =>
    volumes.map((name) => name.split('-', 1)[0]),
  );
  const running = new Set(generations.flat());
  assert(running.size <= 1, `pods run on ${JSON.stringify([...model.mounted])}`);
  assert(!running.has('empty'), 'a pod runs on an empty volume');
  const stands = (name: string) =>
    model.claims.get(name)?.spec.volumeName === `old-${name}` &&
    model.claims.get(name)?.metadata.deletionTimestamp === undefined;
  for (const name of names) {
    assert(model.volumes.has(`old-${name}`), `the volume with the old data of ${name} is gone`);
    if (stands(name)) continue;
    assert.equal(model.volumes.get(`old-${name}`)?.spec.persistentVolumeReclaimPolicy, 'Retain');
    assert(model.volumes.has(`new-${name}`), `the volume with the new data of ${name} is gone`);
  }
}

/** Controllers first, until they have nothing to do, then the executor. */
function settle(model: Model): string {
  for (let turn = 0; turn < 500; turn += 1) {
    while (controllers.some((controller) => controller(model))) assertSafe(model);
    const step = decideSwap(worldOf(model));
    if (step.do === 'done') return 'done';
    if (step.do === 'stuck') return step.why;
    apply(model, step);
    assertSafe(model);
  }
  return 'it did not end';
}

test('whatever happens in between, no pod sees a mix, no data is lost, and all claims get the new volumes', () => {
  fc.assert(
    fc.property(fc.constantFrom(...stopMethods), fc.constantFrom(...shapes), acts, (stop, shape, acts) => {
      const model = modelOf(names, stop, shape);
      while (controllers.some((controller) => controller(model)));
      for (const next of acts) {
        if (next.who === 'controller') controllers[next.which]?.(model);
        else if (next.who === 'saboteur') saboteurs[next.which]?.(model);
        else apply(model, decideSwap(worldOf(model)), next.writes);
        if (next.who === 'executor' && next.writes < 9) model.scaledDown = 0;
        assertSafe(model);
      }
      assert.equal(settle(model), 'done');
      assert.deepEqual(
        names.map((name) => model.claims.get(name)?.spec.volumeName),
        names.map((name) => `new-${name}`),
      );
      assert.equal(model.session.status?.phase, 'Succeeded');
      assert.equal(model.replicas, 2);
      assert.equal(model.mounted.size, 2);
    }),
    { numRuns: 400 },
  );
});

test('until a claim is deleted, giving up leaves everything as it was', () => {
  fc.assert(
    fc.property(fc.constantFrom(...stopMethods), fc.constantFrom(...shapes), acts, (stop, shape, acts) => {
      const model = modelOf(names, stop, shape);
      while (controllers.some((controller) => controller(model)));
      for (const next of acts) {
        if (next.who === 'controller') controllers[next.which]?.(model);
        else if (next.who === 'executor') {
          const step = decideSwap(worldOf(model));
          if (step.do === 'delete-claims') break;
          apply(model, step, next.writes);
        }
      }
      fc.pre(canAbandon(worldOf(model)));
      const record = readRecord(model.session);
      assert(record);
      model.session.metadata.annotations = {
        [annotation.inPlace]: formatRecord({ ...record, abandoned: true }),
      };
      assert.equal(settle(model), 'done');
      while (controllers.some((controller) => controller(model)));
      assert.equal(model.session.status?.phase, 'Failed');
      assert.deepEqual([...model.claims.keys()], names);
      assert.deepEqual(
        [...model.volumes.keys()].filter((name) => !name.startsWith('rival-')),
        names.map((name) => `old-${name}`),
      );
      for (const volume of model.volumes.values()) {
        if (volume.metadata.name.startsWith('rival-')) continue;
        assert.equal(volume.spec.persistentVolumeReclaimPolicy, 'Delete');
        assert.deepEqual(volume.metadata.annotations ?? {}, {});
      }
      assert.equal(model.replicas, 2);
      assert.equal(model.mounted.size, 2);
    }),
    { numRuns: 200 },
  );
});

test('a claim that somebody has given another volume meanwhile stops the restore before any pod is stopped', () => {
  const model = modelOf(names, 'gate', 'shared');
  while (controllers.some((controller) => controller(model)));
  const claim = model.claims.get('data');
  assert(claim);
  claim.metadata.uid = 'another';
  claim.spec.volumeName = 'theirs';
  const step = decideSwap(worldOf(model));
  assert.deepEqual(step, {
    do: 'stuck',
    why: 'somebody created claim data anew, and it got volume theirs instead of new-data: compare what it asks for with what the volume has',
  });
});
