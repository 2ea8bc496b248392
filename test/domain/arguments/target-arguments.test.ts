import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { formatTarget } from '#src/domain/workload/target.ts';
import { targetTypes, targetKinds } from '#src/domain/workload/kinds.ts';
import { parseTargets, type TargetArgumentsOptions } from '#src/domain/arguments/target-arguments.ts';
import { isStashError } from '#src/errors.ts';

function parsed(line: string, options?: TargetArgumentsOptions): string {
  const { kinds, names } = parseTargets(line.split(' '), options);
  return names.length > 0 ? names.map(formatTarget).join(' ') : kinds.join(',');
}

test("reads kubectl's grammar", () => {
  const rows: [string, string][] = [
    ['deploy/foo', 'deployment/foo'],
    ['deployment.apps/foo', 'deployment/foo'],
    ['Deployments.v1.apps/foo', 'deployment/foo'],
    ['deployments foo bar', 'deployment/foo deployment/bar'],
    ['sts/a deploy/b', 'statefulset/a deployment/b'],
    ['deploy/a deploy/a', 'deployment/a'],
    ['deploy,sts web', 'deployment/web statefulset/web'],
    [`deploy/${'x'.repeat(253)}`, `deployment/${'x'.repeat(253)}`],
    ['PVC/data.v1', 'persistentvolumeclaim/data.v1'],
    ['StatefulSet db', 'statefulset/db'],
    ['rc/a rs/b ds/c', 'replicationcontroller/a replicaset/b daemonset/c'],
  ];
  for (const [line, expected] of rows) assert.equal(parsed(line), expected, line);
  assert.equal(parsed('deploy,sts,deployments', { names: 'refused' }), 'Deployment,StatefulSet');
  assert.equal(parsed('deploy', { names: 'optional' }), 'Deployment');
  assert.deepEqual(parseTargets(['sts/a', 'sts/b']).kinds, ['StatefulSet']);
});

test('every word for a kind names it, in both forms', () => {
  fc.assert(
    fc.property(fc.constantFrom(...targetKinds), fc.nat(2), fc.boolean(), (kind, word, slash) => {
      const { short, resource } = targetTypes[kind];
      const type = [short, kind, resource.plural][word] ?? '';
      const { names } = parseTargets(slash ? [`${type}/x`] : [type, 'x']);
      assert.deepEqual(names, [{ kind, name: 'x' }]);
    }),
  );
});

test('refuses invalid targets with one line and a hint', () => {
  const rows: [string, string, string, TargetArgumentsOptions?][] = [
    ['deploymnet/foo', 'unknown type "deploymnet"', 'did you mean deployment?'],
    ['web', 'unknown type "web"', 'types are deploy, sts, ds, rs, rc and pvc, as in deploy/NAME'],
    ['deployments.extensions/foo', 'unknown type "deployments.extensions"', 'did you mean deploy?'],
    ['deploy/foo bar', 'TYPE NAME and TYPE/NAME cannot be mixed', 'write deploy/bar for bar'],
    [
      'deploy/foo false',
      '"false" is not the name of a workload',
      'write the value of a flag with "=", as in --wait=false',
    ],
    ['deploy sts/foo', 'TYPE NAME and TYPE/NAME cannot be mixed', 'write deploy/NAME for deploy'],
    ['deploy/', '"deploy/" is not TYPE/NAME', 'write one type and one name: deploy/NAME'],
    ['/foo', '"/foo" is not TYPE/NAME', 'write one type and one name: deploy/NAME'],
    ['deploy/foo/bar', '"deploy/foo/bar" is not TYPE/NAME', 'write one type and one name: deploy/NAME'],
    ['deploy,sts/foo', '"deploy,sts/foo" is not TYPE/NAME', 'write one type and one name: deploy/NAME'],
    ['deploy/Foo_1', '"Foo_1" cannot be the name of a deployment', 'kubectl get deploy'],
    [`sts ${'x'.repeat(254)}`, `"${'x'.repeat(254)}" cannot be the name of a statefulset`, 'kubectl get sts'],
    ['deploy ', 'empty name of a deployment', 'kubectl get deploy'],
    [
      'pod/foo',
      'pod cannot be snapshotted or restored by itself',
      'name the workload that runs it, or its claim: pvc/NAME',
    ],
    ['cj x', 'cj cannot be snapshotted or restored by itself', 'name its claim: pvc/NAME'],
    [
      'sts',
      'sts is a type without a name',
      'name one, sts/NAME; a snapshot takes -l SELECTOR or --all too\nkubectl get sts',
    ],
    [
      'deploy/foo',
      'a name cannot be combined with -l or --all',
      'leave out deploy/foo or the flag',
      { names: 'refused' },
    ],
    [
      'deploy/foo true',
      '"true" is not the name of a workload',
      'write the value of a flag with "=", as in --wait=true',
    ],
    [
      'deploy/foo sts/bar',
      'a name cannot be combined with -l or --all',
      'leave out deploy/foo sts/bar or the flag',
      { names: 'refused' },
    ],
    [
      'deploy foo',
      'a name cannot be combined with -l or --all',
      'leave out foo or the flag',
      { names: 'refused' },
    ],
  ];
  for (const [line, message, hint, options] of rows) {
    assert.throws(() => parsed(line, options), { kind: 'usage', message, hint }, line);
  }
  assert.throws(() => parseTargets([]), { kind: 'usage', message: 'no target given' });
});

test('any words are either targets or a usage error', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('deploy', 'deploy/a', 'a', '/', ',', 'deploy,'));
  fc.assert(
    fc.property(fc.array(word), (words) => {
      try {
        assert.ok(parseTargets(words).names.length > 0);
      } catch (error) {
        assert.ok(isStashError(error, 'usage'), String(error));
        assert.ok(error.hint);
      }
    }),
  );
});
