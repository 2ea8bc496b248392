/** Snapshots of a quiesced application: cut in time or too late, with and without their session. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import type { VolumeSnapshot } from '#src/api/kubernetes.ts';
import { annotation, label } from '#src/api/labels.ts';
import { accept } from '#src/domain/finding.ts';
import { choosePoint, latestComplete } from '#src/domain/restore-points/choose-point.ts';
import { cutBefore, cutTooLate } from '#src/domain/restore-points/cut-deadline.ts';
import { restorePoints } from '#src/domain/restore-points/restore-points.ts';
import { templatesOf } from '#src/domain/restore/restore-templates.ts';
import { planRetention } from '#src/domain/retention/retention.ts';
import { restorePointTable } from '#src/report/restore-points.ts';
import { StashError } from '#src/errors.ts';

import { at, backupSession, foo, ready, snapshotOf } from '#test/domain/restore-point-objects.ts';

const quietUntil = at(60);

function cut(session: string, creationTime: string | undefined, created = at(0)) {
  const status: VolumeSnapshot['status'] = { ...ready, ...(creationTime !== undefined && { creationTime }) };
  return snapshotOf(session, 'data', { quietUntil, status, created });
}

suite('a restore point of an application that was quiet', () => {
  const table: [what: string, creationTime: string | undefined, completeness: string][] = [
    ['cut in time', at(59), 'complete'],
    ['cut at the very end', at(60), 'complete'],
    ['cut later', at(61), 'incomplete'],
    ['ready, but without the time of its cut', undefined, 'incomplete'],
    ['cut at no time that can be read', 'yesterday', 'incomplete'],
  ];
  for (const [what, creationTime, completeness] of table) {
    test(`${what}: ${completeness}`, () => {
      const [point] = restorePoints([cut('s-1', creationTime)], []);
      assert(point);
      assert.equal(point.completeness, completeness);
      assert.equal(point.claims[0]?.state, completeness === 'complete' ? 'ready' : 'late');
    });
  }

  test('names the end of that time', () => {
    assert.deepEqual(cutBefore(new Date(quietUntil)), { [annotation.cutBefore]: quietUntil });
    const { metadata } = cut('s-1', at(1));
    const told = { metadata, apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot' } as const;
    assert.equal(
      cutTooLate({ ...told, spec: { source: {} } }),
      `possibly cut after ${quietUntil}, when the application resumed`,
    );
  });

  test('counts as ready where the application was not quiesced', () => {
    const plain = snapshotOf('s-1', 'data', { status: { ...ready, creationTime: at(9_999) } });
    assert.equal(restorePoints([plain], [])[0]?.completeness, 'complete');
  });

  test('was cut too late: never chosen as latest, refused with the reason, restored with --only', () => {
    const points = restorePoints([cut('s-1', at(1), at(0)), cut('s-2', at(61), at(30))], []);
    assert.equal(latestComplete(points, foo)?.session, 's-1');
    const refused = (error: unknown) => {
      assert(error instanceof StashError);
      assert.equal(
        error.message,
        'restore point s-2 is incomplete: claim data: snapshot data-2 was cut at 2024-11-24T06:01:01.000Z, ' +
          'after 2024-11-24T06:01:00.000Z, when the application resumed',
      );
      assert.match(
        error.hint ?? '',
        /only crash-consistent:\nkubectl stash restore deployment\/foo -n demo --from s-2 --only data/,
      );
      return true;
    };
    assert.throws(() => accept(choosePoint(points, foo, 's-2')), refused);
    const chosen = accept(choosePoint(points, foo, 's-2', ['data']));
    assert.equal(chosen.session, 's-2');
    const { templates, notes } = templatesOf(chosen, { only: ['data'], rename: (claim) => claim });
    assert.equal(templates[0]?.spec.dataSource?.name, 'data-2');
    assert.match(notes.join(), /cut at .* it is as after a power cut/);
  });

  test('was cut too late: the snapshot of the same claim that the driver cut in time counts instead', () => {
    const late = snapshotOf('s-1', 'data', {
      ...{ name: 'a', quietUntil, created: at(0), status: { ...ready, creationTime: at(61) } },
    });
    const inTime = snapshotOf('s-1', 'data', {
      ...{ name: 'b', quietUntil, created: at(10), status: { ...ready, creationTime: at(11) } },
    });
    for (const snapshots of [
      [late, inTime],
      [inTime, late],
    ]) {
      const point = restorePoints(snapshots, []).find(({ session }) => session === 's-1');
      assert.equal(point?.claims[0]?.snapshot?.metadata.name, 'b');
      assert.equal(point.completeness, 'complete');
    }
  });

  test('was cut too late: list shows it, with and without its session', () => {
    const late = cut('s-1', at(61));
    const table = (sessions: Parameters<typeof restorePoints>[1]) =>
      restorePointTable({ wide: false, allNamespaces: false })({
        points: restorePoints([late], sessions),
        now: new Date(at(120)),
        zone: 'utc',
        classes: undefined,
      });
    assert.match(table([]), /0\/1 +1Gi +Incomplete \(cut too late\)/);
    assert.match(table([backupSession('s-1', 'Failed', { claims: ['data'] })]), /Failed \(cut too late\)/);
  });

  test('was cut too late: retention never counts it in place of one that was cut in time', () => {
    const invoked = (snapshot: ReturnType<typeof cut>, quietUntil: string) => ({
      ...snapshot,
      metadata: {
        ...snapshot.metadata,
        labels: { ...snapshot.metadata.labels, [label.invokerType]: 'BackupConfiguration' },
        annotations: { ...snapshot.metadata.annotations, [annotation.cutBefore]: quietUntil },
      },
    });
    const invoker = { name: 'deploy-foo', namespace: 'demo' };
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), fc.nat(3), (good, keepLast) => {
        const all = good.map((isGood, index) => {
          const name = `s-${index}`;
          const made = cut(name, at(100 * index + (isGood ? 1 : 99)), at(100 * index));
          return { isGood, snapshot: invoked(made, at(100 * index + 60)) };
        });
        const plan = planRetention(
          invoker,
          all.map(({ snapshot }) => snapshot),
          { name: 'keep', prune: true, keepLast: keepLast + 1 },
          { line: 'user', now: new Date(at(0)), inUse: new Set() },
        );
        const stays = new Set(plan.stay.map(({ snapshot }) => snapshot.metadata.name));
        const kept = all.filter(({ isGood, snapshot }) => isGood && stays.has(snapshot.metadata.name)).length;
        assert.equal(kept, Math.min(good.filter(Boolean).length, keepLast + 1));
      }),
    );
  });
});
