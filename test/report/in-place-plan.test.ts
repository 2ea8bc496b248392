import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildSwapSession, type SwapWishes } from '#src/domain/in-place/build-session.ts';
import type { Stopping } from '#src/domain/in-place/choose-stop.ts';
import type { InPlacePlan, InPlaceRow } from '#src/domain/in-place/plan.ts';
import type { Target } from '#src/domain/workload/target.ts';
import { inPlacePlanLines } from '#src/report/in-place-plan.ts';
import { claim, snapshot } from '#test/domain/objects.ts';
import { matchGolden } from '#test/support/golden.ts';

const now = new Date('2026-03-14T05:00:00Z');

function row(name: string, changes: Partial<InPlaceRow> = {}): InPlaceRow {
  return {
    claim: name,
    volume: 'pvc-2d8ce292-6ed9-4566-a8a6-1c7233ea8e87',
    snapshot: `${name}-1773457200`,
    ...{ size: '40Gi', newSize: '40Gi', place: undefined },
    ...changes,
  };
}

function plan(
  target: Target,
  rows: readonly InPlaceRow[],
  stop: Stopping,
  { method, before, ...changes }: Partial<InPlacePlan> & Pick<SwapWishes, 'method' | 'before'> = {},
  pause = false,
): InPlacePlan {
  const from = 'deploy-web-1773457200';
  const claims = rows.map(({ claim: name }) => ({ claim: claim(name), snapshot: snapshot(name), pods: [] }));
  return {
    ...buildSwapSession({
      ...{ target, from, only: [], also: [], stop: stop.method, pause, claims, classes: undefined, at: now },
      ...{ ...(method && { method }), ...(before && { before }) },
    }),
    ...{ target, rows, stop, replicas: 2, pods: 2, notes: [] },
    point: { session: from, cutAt: new Date('2026-03-14T03:00:00Z') },
    storage: { needed: 80n * 1024n ** 3n, left: undefined },
    ...changes,
  };
}

const web: Target = { kind: 'Deployment', name: 'web', namespace: 'shop' };
const db: Target = { kind: 'StatefulSet', name: 'db', namespace: 'shop' };
const three = ['data-db-0', 'data-db-1', 'data-db-2'].map((name) => row(name, { place: 'eu-1a' }));
const argo: Stopping = { method: 'gate', why: "spec.replicas is argocd-controller's" };

const plans: Readonly<Record<string, InPlacePlan>> = {
  scale: plan(web, [row('data'), row('logs')], { method: 'scale' }),
  pause: plan(web, [row('data')], { method: 'scale' }, {}, true),
  'scale-of-none': plan(web, [row('data')], { method: 'scale' }, { replicas: 0, pods: 0 }),
  gate: plan(db, three, argo, {
    ...{ replicas: 3, pods: 3 },
    storage: { needed: 120n * 1024n ** 3n, left: 300n * 1024n ** 3n },
    notes: ['pods that have ended are deleted, since they hold their claims: backup-28374650-x7k2p'],
  }),
  'gate-of-a-claim': plan(
    { kind: 'PersistentVolumeClaim', name: 'data', namespace: 'shop' },
    [row('data', { size: '1Gi', newSize: '1.5Gi' })],
    { method: 'gate' },
    { replicas: undefined, pods: 0 },
  ),
  'scale-and-snapshot': plan(web, [row('data')], { method: 'scale' }, { before: true }),
  'gate-and-snapshot': plan(web, [row('data')], argo, { before: true }),
  'recreate-by-scale': plan(web, [row('data'), row('logs')], { method: 'scale' }, { method: 'recreate' }),
  'recreate-by-gate': plan(web, [row('data')], argo, { method: 'recreate' }),
  'long-names': plan(
    { ...web, name: 'w'.repeat(63) },
    [row('d'.repeat(200), { place: 'europe-west1-b, europe-west1-c' })],
    { method: 'gate', why: "spec.replicas is kustomize-controller's and kube-controller-manager's" },
  ),
};

for (const [name, each] of Object.entries(plans)) {
  test(`the plan: ${name}`, () => {
    const lines = inPlacePlanLines(each, now);
    matchGolden(`in-place-plan/${name}`, `${lines.join('\n')}\n`);
    const wide = lines.filter((line) => line.length > 80);
    const isTable = (line: string) => line.startsWith('CLAIM') || line.includes('pvc-');
    assert.deepEqual(
      wide.filter((line) => !line.startsWith('  kubectl ') && !(name === 'long-names' && isTable(line))),
      [],
    );
  });
}

test('the plan shows no escape sequences of a cluster', () => {
  const hostile = plan(web, [row('data', { place: '\u001b[2Jeu-1a' })], {
    method: 'gate',
    why: 'x\u001b[31m',
  });
  assert.doesNotMatch(inPlacePlanLines(hostile, now).join(), /\u001b/);
});
