import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { annotation } from '#src/api/labels.ts';
import { canAbandon } from '#src/domain/in-place/decide-abandoning.ts';
import { decideRecreate } from '#src/domain/in-place/decide-recreate.ts';
import { formatRecord, readRecord, stopMethods, type InPlaceRecord } from '#src/domain/in-place/record.ts';

import { acts, names, rest, settle as settleBy, shapes, type Act } from './acts.ts';
import { apply, controllers, recreateModelOf, saboteurs, worldOf, type Model } from './swap-model.ts';

const settle = (model: Model, check: (model: Model) => void) => settleBy(model, decideRecreate, check);

function start(stop: InPlaceRecord['stop'], shape: (typeof shapes)[number]): Model {
  const model = recreateModelOf(names, stop, shape);
  rest(model);
  return model;
}

function recordOf(model: Model): InPlaceRecord {
  const record = readRecord(model.session);
  assert(record);
  return record;
}

function stands(model: Model, name: string): boolean {
  const claim = model.claims.get(name);
  return claim?.spec.volumeName === `old-${name}` && claim.metadata.deletionTimestamp === undefined;
}

/** Until a claim is deleted, its volume has the present data; after that, the snapshot of it is ready. */
function assertSafe(model: Model): void {
  const { before = '', stop } = recordOf(model);
  for (const name of names.filter((each) => !stands(model, each))) {
    assert.equal(model.snapshots.get(`${before}-${name}`)?.status?.readyToUse, true, `${name} is lost`);
    if (stop === 'scale' && model.shape === 'shared')
      assert(!model.written, `what was written to ${name} after its snapshot is lost`);
  }
  for (const name of names.filter((each) => stands(model, each))) assert(model.volumes.has(`old-${name}`));
}

/** Without the claims that another client creates, `check` holds after each act. */
function play(
  model: Model,
  all: readonly Act[],
  which: readonly string[],
  check: (model: Model) => void,
): void {
  for (const next of all) {
    if (next.who === 'controller') controllers[next.which]?.(model);
    else if (next.who === 'executor') {
      apply(model, decideRecreate(worldOf(model)), next.writes);
      if (next.writes < 9) Object.assign(model, { scaledDown: 0, taken: undefined });
    } else {
      const saboteur = saboteurs[next.which];
      if (saboteur && which.includes(saboteur.name)) saboteur(model);
    }
    check(model);
  }
}

function endOf(model: Model): (string | undefined)[] {
  return names.map((name) => model.claims.get(name)?.spec.volumeName?.split('-', 1)[0]);
}

test('whatever happens in between, the present data is in the live volume or in a ready snapshot, and all claims get the restored data, or none', () => {
  const ends = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...stopMethods), fc.constantFrom(...shapes), acts, (stop, shape, all) => {
      const model = start(stop, shape);
      play(model, all, ['killPod', 'scaleBack'], assertSafe);
      assert.equal(settle(model, assertSafe), 'done');
      const isNew = model.session.status?.phase === 'Succeeded';
      assert.deepEqual(endOf(model), isNew ? ['new', 'new'] : ['old', 'old']);
      assert.deepEqual([model.replicas, model.mounted.size], [2, 2]);
      ends.add(isNew ? 'new' : 'old');
    }),
    { numRuns: 400 },
  );
  assert(ends.has('new'));
});

test('a claim that another client creates without the snapshot is left alone, and the session never says Succeeded', () => {
  const phases = new Set<string>();
  const recreate = saboteurs.find(({ name }) => name === 'recreateClaim');
  assert(recreate);
  fc.assert(
    fc.property(fc.constantFrom(...stopMethods), fc.constantFrom(...shapes), acts, (stop, shape, all) => {
      const model = start(stop, shape);
      const strange = new Set<string>();
      const check = () => {
        for (const { metadata, spec } of model.claims.values()) {
          const old = recordOf(model).claims.some(({ uid }) => uid === metadata.uid);
          if (!old && spec.dataSource === undefined) strange.add(metadata.uid);
        }
        const live = new Map([...model.claims.values()].map(({ metadata }) => [metadata.uid, metadata]));
        for (const uid of strange) assert.equal(live.get(uid)?.deletionTimestamp, undefined);
        for (const uid of strange) assert(live.has(uid), 'a claim of another client was deleted');
        if (strange.size > 0) assert.notEqual(model.session.status?.phase, 'Succeeded');
      };
      play(model, all, ['recreateClaim'], check);
      assert.equal(settle(model, check), 'done');
      phases.add(`${strange.size > 0 ? 'strange' : 'ours'} ${model.session.status?.phase ?? ''}`);
    }),
    { numRuns: 400 },
  );
  assert(phases.has('strange Failed') && phases.has('ours Succeeded'));
  assert(!phases.has('strange Succeeded'));
});

test('until a claim is deleted, giving up leaves everything as it was', () => {
  fc.assert(
    fc.property(fc.constantFrom(...stopMethods), fc.constantFrom(...shapes), acts, (stop, shape, all) => {
      const model = start(stop, shape);
      for (const next of all) {
        if (next.who === 'controller') controllers[next.which]?.(model);
        else if (next.who === 'executor') {
          const step = decideRecreate(worldOf(model));
          if (step.do === 'delete-claims') break;
          apply(model, step, next.writes);
        }
      }
      fc.pre(canAbandon(worldOf(model)));
      const record = { ...recordOf(model), abandoned: true };
      model.session.metadata.annotations = { [annotation.inPlace]: formatRecord(record) };
      assert.equal(
        settle(model, () => undefined),
        'done',
      );
      assert.equal(model.session.status?.phase, 'Failed');
      assert.deepEqual(endOf(model), ['old', 'old']);
      assert.deepEqual([model.replicas, model.mounted.size], [2, 2]);
    }),
    { numRuns: 200 },
  );
});

/** Runs until the first claim would be deleted, with `meddle` called before each step. */
function untilDeletion(model: Model, meddle: (model: Model) => void): string {
  for (let turn = 0; turn < 200; turn += 1) {
    rest(model);
    meddle(model);
    const step = decideRecreate(worldOf(model));
    if (step.do === 'delete-claims' || step.do === 'done') return step.do;
    apply(model, step);
  }
  return 'it did not end';
}

for (const [what, meddle, why] of [
  [
    'the snapshot of the present data fails',
    (model: Model) => {
      for (const backup of model.backups.values())
        backup.status = {
          phase: 'Failed',
          conditions: [
            {
              type: 'DeadlineExceeded',
              status: 'True',
              reason: 'FailedToCompleteWithinDeadline',
              message: 'the driver is full',
            },
          ],
        };
    },
    /^the snapshot before the restore, backupsession\/before-restore-1, was not taken: the driver is full; no claim was deleted/,
  ],
  [
    'one of its snapshots is deleted',
    (model: Model) => void model.snapshots.delete('before-restore-1-logs'),
    /^backupsession\/before-restore-1 has no snapshot of claim logs that is ready; no claim was deleted/,
  ],
  [
    'a snapshot that is restored is deleted',
    (model: Model) => void model.snapshots.delete('point-logs'),
    /^snapshot point-logs is not ready any more; no claim was deleted/,
  ],
] as const) {
  test(`where ${what}, no claim is deleted, and the workload is started again`, () => {
    for (const stop of stopMethods) {
      const model = start(stop, 'shared');
      assert.equal(untilDeletion(model, meddle), 'done');
      rest(model);
      assert.deepEqual(endOf(model), ['old', 'old']);
      assert.deepEqual([model.replicas, model.mounted.size], [2, 2]);
      const { phase, conditions = [] } = model.session.status ?? {};
      assert.equal(phase, 'Failed');
      assert.match(conditions.find(({ type }) => type === 'RestoreCompleted')?.message ?? '', why);
    }
  });
}

test('where another client scales the workload up again and again, nothing is deleted', () => {
  const model = start('scale', 'shared');
  const end = untilDeletion(model, () => (model.replicas = 2));
  assert.equal(end, 'done');
  assert.deepEqual(endOf(model), ['old', 'old']);
  assert.match(
    model.session.status?.conditions?.find(({ type }) => type === 'RestoreCompleted')?.message ?? '',
    /^another client scales deployment\/web up again; no claim was deleted/,
  );
});

test('by scale, the snapshot is taken once no pod runs; by gate, while the pods run', () => {
  for (const stop of stopMethods) {
    const model = start(stop, 'shared');
    let mounted = -1;
    untilDeletion(model, (model) => {
      if (decideRecreate(worldOf(model)).do === 'take-before') mounted = model.mounted.size;
    });
    assert.equal(mounted, stop === 'scale' ? 0 : 2);
  }
});
