import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Lease, Stored } from '#src/api/kubernetes.ts';
import { clusterRoleBindings, leases } from '#src/api/resources.ts';
import type { OperatorFacts } from '#src/domain/checks/check.ts';
import { operator } from '#src/domain/checks/operator.ts';
import { configuration, stored } from '#test/domain/objects.ts';

import { hoursLater, lacking, now, ofNamespace, withAppscode } from './facts.ts';

const install = '(fix: kubectl stash install)';
const installed = { home: 'kubectl-stash', watchNamespaces: undefined };

function lease(secondsAgo: number, holderIdentity = 'operator-0'): Stored<Lease> {
  const renewTime = new Date(now.getTime() - secondsAgo * 1000).toISOString();
  return stored<Lease>({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'kubectl-stash-operator' },
    spec: { holderIdentity, renewTime },
  });
}

const noRight = {
  installed: lacking({ verb: 'get', resource: clusterRoleBindings }),
  lease: lacking({ verb: 'get', resource: leases }),
};

const rows: readonly (readonly [string, Partial<OperatorFacts>, string])[] = [
  [
    'it leads',
    { lease: { value: lease(3) } },
    'ok: the operator of namespace kubectl-stash runs: operator-0 leads',
  ],
  [
    'it leads, and who looks may read no more than that',
    { ...noRight, lease: { value: lease(3) } },
    'ok: the operator of namespace kubectl-stash runs: operator-0 leads',
  ],
  [
    'it renewed its Lease a minute ago',
    { lease: { value: lease(60) } },
    'ok: the operator of namespace kubectl-stash runs: operator-0 leads',
  ],
  [
    'it is installed, and its Lease may not be read in its namespace',
    {
      installed: { value: installed },
      lease: { ...lacking({ verb: 'get', resource: leases }), namespace: 'kubectl-stash' },
    },
    'unknown: needs get leases.coordination.k8s.io in namespace kubectl-stash',
  ],
  [
    'it is silent',
    { installed: { value: installed }, lease: { value: lease(600) } },
    'fail: no pod of the operator in namespace kubectl-stash leads: the last one renewed its Lease 10m ago',
  ],
  [
    'it is silent, and who looks may read no more than that',
    { ...noRight, lease: { value: lease(600) } },
    'fail: no pod of the operator in namespace kubectl-stash leads: the last one renewed its Lease 10m ago',
  ],
  [
    'it gave its Lease back',
    { installed: { value: installed }, lease: { value: lease(3, '') } },
    'fail: no pod of the operator in namespace kubectl-stash leads',
  ],
  [
    'it left a Lease behind',
    { lease: { value: lease(600) } },
    `warn: no operator found for namespace demo: only the command line carries sessions out ${install}`,
  ],
  [
    'it never led',
    { installed: { value: installed } },
    'fail: no pod of the operator in namespace kubectl-stash leads',
  ],
  [
    'it is installed, and its Lease may not be read',
    { ...noRight, installed: { value: installed } },
    'unknown: needs get leases.coordination.k8s.io',
  ],
  [
    'there is none',
    {},
    `warn: no operator found for namespace demo: only the command line carries sessions out ${install}`,
  ],
  ['nothing of it may be read', noRight, 'unknown: needs get leases.coordination.k8s.io'],
  [
    'its binding may not be read, and it is not where it mostly is',
    { installed: noRight.installed },
    'unknown: needs get clusterrolebindings.rbac.authorization.k8s.io',
  ],
  [
    'it leads, but does not watch this namespace',
    { installed: { value: { ...installed, watchNamespaces: ['shop'] } }, lease: { value: lease(3) } },
    'warn: the operator of namespace kubectl-stash does not watch namespace demo: only the command line carries sessions out',
  ],
  [
    'it leads, and watches this namespace',
    { installed: { value: { ...installed, watchNamespaces: ['demo', 'shop'] } }, lease: { value: lease(3) } },
    'ok: the operator of namespace kubectl-stash runs: operator-0 leads',
  ],
];

for (const [name, changes, found] of rows) {
  test(`the operator: ${name}`, () => {
    const facts = { installed: { value: undefined }, lease: { value: undefined }, home: 'kubectl-stash' };
    assert.deepEqual(ofNamespace(operator, { operator: { ...facts, ...changes } }), [found]);
  });
}

test("AppsCode's operator is told by discovery", () => {
  assert.deepEqual(ofNamespace(operator, { groups: withAppscode }), [
    "ok: AppsCode's Stash operator runs in this cluster",
  ]);
});

test('without an operator a schedule does not run', () => {
  const lists = { backupconfigurations: [configuration('nightly', { schedule: '@daily' })] };
  assert.deepEqual(ofNamespace(operator, { lists }), [
    `fail: no operator found for namespace demo: schedules do not run ${install}`,
  ]);
});

test('where nothing of it may be read, a configuration that has had no status for long tells that there is none', () => {
  const unread = { operator: { ...noRight, home: 'kubectl-stash' } };
  const of = (status: object | undefined, at: Date) => {
    const paused = { ...configuration('nightly', { paused: true }), ...(status && { status }) };
    return ofNamespace(operator, { ...unread, now: at, lists: { backupconfigurations: [paused] } });
  };
  const unknown = ['unknown: needs get leases.coordination.k8s.io'];
  assert.deepEqual(of({ phase: 'Ready' }, hoursLater(1)), unknown);
  assert.deepEqual(of(undefined, hoursLater(0)), unknown);
  assert.deepEqual(of(undefined, hoursLater(1)), [
    `warn: no operator found for namespace demo: only the command line carries sessions out ${install}`,
  ]);
});

test('where its Lease may not be read, a configuration that has had no status for long tells that it is silent', () => {
  const facts = { ...noRight, installed: { value: installed }, home: 'kubectl-stash' };
  const lists = { backupconfigurations: [configuration('nightly')] };
  assert.deepEqual(ofNamespace(operator, { operator: facts, now: hoursLater(1), lists }), [
    'fail: no pod of the operator in namespace kubectl-stash leads',
  ]);
});
