import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { canAbandon } from '#src/domain/in-place/decide-abandoning.ts';
import { decideSwap } from '#src/domain/in-place/decide-swap.ts';
import { formatRecord, readRecord, stopMethods } from '#src/domain/in-place/record.ts';
import { annotation } from '#src/api/labels.ts';

import { acts, names, rest, settle as settleBy, shapes } from './acts.ts';
import {
  apply,
  controllers,
  deleteNewVolume,
  modelOf,
  saboteurs,
  worldOf,
  type Model,
} from './swap-model.ts';

const settle = (model: Model, check = assertSafe) => settleBy(model, decideSwap, check);

function assertOneGeneration(model: Model): void {
  const generations = [...model.mounted.values()].map((volumes) =>
    volumes.map((name) => name.split('-', 1)[0]),
  );
  const running = new Set(generations.flat());
  assert(running.size <= 1, `pods run on ${JSON.stringify([...model.mounted])}`);
  assert(!running.has('empty'), 'a pod runs on an empty volume');
}

function assertSafe(model: Model): void {
  assertOneGeneration(model);
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

test('whatever happens in between, no pod sees a mix, no data is lost, and all claims get the new volumes', () => {
  fc.assert(
    fc.property(fc.constantFrom(...stopMethods), fc.constantFrom(...shapes), acts, (stop, shape, acts) => {
      const model = modelOf(names, stop, shape);
      rest(model);
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

test('where somebody deletes a new volume, all claims get the new data, or all get the old', () => {
  const ends = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...stopMethods), fc.constantFrom(...shapes), acts, (stop, shape, acts) => {
      const model = modelOf(names, stop, shape);
      rest(model);
      for (const [index, next] of acts.entries()) {
        if (next.who === 'controller') controllers[next.which]?.(model);
        else if (next.who === 'executor') apply(model, decideSwap(worldOf(model)), next.writes);
        else if (index % 7 === 0) deleteNewVolume(model);
        assertOneGeneration(model);
      }
      const end = settle(model, assertOneGeneration);
      assert.equal(end, 'done');
      const generation = new Set(names.map((name) => model.claims.get(name)?.spec.volumeName?.split('-')[0]));
      assert.equal(generation.size, 1);
      const [which] = generation;
      assert.equal(model.session.status?.phase, which === 'new' ? 'Succeeded' : 'Failed');
      assert.deepEqual([model.replicas, model.mounted.size], [2, 2]);
      ends.add(which ?? '');
    }),
    { numRuns: 400 },
  );
  assert.deepEqual([...ends].sort(), ['new', 'old']);
});

test('where all new volumes are deleted before their claims are bound, all claims get the old data', () => {
  for (const stop of stopMethods) {
    const model = modelOf(names, stop, 'shared');
    for (let filled = false; !filled;) {
      rest(model);
      const step = decideSwap(worldOf(model));
      apply(model, step);
      filled = step.do === 'fill';
    }
    for (const name of names) model.volumes.delete(`new-${name}`);
    assert.equal(settle(model, assertOneGeneration), 'done');
    assert.deepEqual(
      names.map((name) => model.claims.get(name)?.spec.volumeName),
      names.map((name) => `old-${name}`),
    );
    assert.equal(model.session.status?.phase, 'Failed');
  }
});

test('until a claim is deleted, giving up leaves everything as it was', () => {
  fc.assert(
    fc.property(fc.constantFrom(...stopMethods), fc.constantFrom(...shapes), acts, (stop, shape, acts) => {
      const model = modelOf(names, stop, shape);
      rest(model);
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
      rest(model);
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

test('behind the gate, a pod of a Job and a bare pod are waited for, and one that has ended is deleted', () => {
  const model = modelOf(names, 'gate', 'shared');
  rest(model);
  const [pod, other] = model.pods.values();
  assert(pod && other);
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'report', uid: 'job', controller: true };
  pod.metadata.ownerReferences = [owner];
  other.metadata.ownerReferences = [];
  let step = decideSwap(worldOf(model));
  for (; step.do !== 'wait' || step.limit !== 'pods'; step = decideSwap(worldOf(model))) {
    apply(model, step);
    rest(model);
    for (const { metadata } of [...model.pods.values()])
      if (![pod, other].some((each) => each.metadata.name === metadata.name))
        model.pods.delete(metadata.name);
  }
  assert.equal(
    step.what,
    `pod ${pod.metadata.name} on node node-1, ${other.metadata.name} on node node-1 to end`,
  );
  pod.status = { phase: 'Succeeded' };
  other.status = { phase: 'Failed' };
  assert.deepEqual(decideSwap(worldOf(model)), { do: 'delete-pods', pods: [pod, other] });
});

/** Every step to the end, while the controllers do their part; the pods of a scaled workload end one step later. */
function stepsOf(model: Model): string[] {
  const steps: string[] = [];
  for (let turn = 0; turn < 100; turn += 1) {
    const step = decideSwap(worldOf(model));
    if (step.do === 'done' || step.do === 'pause') return [...steps, step.do];
    steps.push(step.do);
    apply(model, step);
    const isScaled = step.do === 'scale' && step.replicas === 0;
    if (!isScaled) rest(model);
  }
  throw new Error(`it did not end: ${steps.join(', ')}`);
}

function afterScaling(steps: readonly string[]): readonly string[] {
  return steps.slice(steps.indexOf('scale') + 1);
}

test('while the pods of a scaled workload end, its claims are held', () => {
  const model = modelOf(names, 'scale', 'shared');
  rest(model);
  assert.deepEqual(afterScaling(stepsOf(model)).slice(0, 2), ['hold', 'delete-claims']);
});

test('a scaled workload is started before its new volumes get their reclaim policy back, except after a pause', () => {
  const scaled = modelOf(names, 'scale', 'shared');
  while (controllers.some((controller) => controller(scaled)));
  assert.deepEqual(afterScaling(stepsOf(scaled)).slice(-4), ['scale', 'give-back', 'write-status', 'done']);
  const paused = modelOf(names, 'scale', 'shared');
  while (controllers.some((controller) => controller(paused)));
  const record = readRecord(paused.session);
  assert(record);
  paused.session.metadata.annotations = { [annotation.inPlace]: formatRecord({ ...record, pause: true }) };
  assert.deepEqual(afterScaling(stepsOf(paused)).slice(-2), ['give-back', 'pause']);
});

test('a claim that somebody has given another volume meanwhile stops the restore before any pod is stopped', () => {
  const model = modelOf(names, 'gate', 'shared');
  rest(model);
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
