import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backupSessions } from '#src/api/resources.ts';
import type { Check } from '#src/domain/checks/check.ts';
import { configurationValid } from '#src/domain/checks/configuration-valid.ts';
import { operator } from '#src/domain/checks/operator.ts';
import { rights } from '#src/domain/checks/rights.ts';
import { overdue } from '#src/domain/checks/overdue.ts';
import { snapshotApi } from '#src/domain/checks/snapshot-api.ts';
import { stashApi } from '#src/domain/checks/stash-api.ts';
import { targetExists } from '#src/domain/checks/target-exists.ts';
import { configuration } from '#test/domain/objects.ts';

import { facts, hoursLater, subject, type Changes } from './facts.ts';

const nightly = configuration('nightly', { schedule: '@daily' });
const installed = { home: 'kubectl-stash', watchNamespaces: ['shop'] };
const gone = subject({ object: { value: undefined } });

function found(check: Check, changes: Changes = {}, of = nightly) {
  const seen = facts(changes);
  const findings =
    check.of === 'namespace' || check.of === 'cluster'
      ? check.find(seen)
      : check.of === 'target'
        ? check.find(seen, gone)
        : check.find(seen, of, gone);
  return findings.map((finding) => [finding.level === 'fail' ? finding.kind : finding.level, finding.hint]);
}

const rows: [
  name: string,
  findings: () => ReturnType<typeof found>,
  kind: string,
  hint: string | undefined,
][] = [
  [
    'a target that does not exist',
    () => found(targetExists),
    'not-found',
    'kubectl get statefulsets -n demo',
  ],
  [
    'an invalid configuration',
    () => found(configurationValid, {}, configuration('nightly', { schedule: 'soon' })),
    'precondition',
    'kubectl edit backupconfiguration nightly -n demo',
  ],
  [
    'a configuration that its operator refuses',
    () => found(configurationValid, {}, { ...nightly, status: { phase: 'NotReady' } }),
    'precondition',
    'kubectl describe backupconfiguration nightly -n demo',
  ],
  ['a schedule that does not run', () => found(overdue, { now: hoursLater(49) }), 'precondition', undefined],
  [
    'an operator that does not lead',
    () =>
      found(operator, {
        operator: {
          ...installed,
          installed: { value: { ...installed, watchNamespaces: undefined } },
          lease: { value: undefined },
        },
      }),
    'precondition',
    'kubectl describe deployment kubectl-stash-operator -n kubectl-stash',
  ],
  [
    'an operator of other namespaces',
    () =>
      found(operator, {
        operator: { ...installed, installed: { value: installed }, lease: { value: undefined } },
      }),
    'warn',
    'kubectl stash install -n kubectl-stash --watch-namespaces=shop,demo',
  ],
  [
    'schedules without an operator',
    () => found(operator, { lists: { backupconfigurations: [nightly] } }),
    'precondition',
    undefined,
  ],
  [
    'a right that is missing',
    () => found(rights, { missing: new Map([['snapshot', [{ verb: 'create', resource: backupSessions }]]]) }),
    'forbidden',
    'kubectl auth can-i --list -n demo',
  ],
  ["a server without Stash's kinds", () => found(stashApi), 'precondition', undefined],
];

for (const [name, findings, kind, hint] of rows) {
  test(`a command that stops at ${name} ends as ${kind}`, () => {
    assert.deepEqual(findings(), [[kind, hint]]);
  });
}

test('a server without the snapshot API is told where it comes from', () => {
  const [[kind, hint] = []] = found(snapshotApi);
  assert.equal(kind, 'precondition');
  assert.match(hint ?? '', /^install the CRDs and the snapshot-controller of https:/);
});
