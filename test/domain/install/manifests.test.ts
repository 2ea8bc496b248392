/** The objects of an installation, which `docs/install` also contains. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import fc from 'fast-check';
import { dump, loadAll } from 'js-yaml';

import { imageRepository, operatorName, operatorNamespace } from '#src/api/operator.ts';
import type { KubernetesObject, Role, RoleBinding } from '#src/api/kubernetes.ts';
import { clientVersion } from '#src/cli/version.ts';
import type { Deployment } from '#src/domain/install/deployment.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import type { InstallOptions } from '#src/domain/install/options.ts';
import { isOurs } from '#src/domain/install/ownership.ts';

const folder = join(import.meta.dirname, '../../../docs/install');

const standard: InstallOptions = {
  namespace: operatorNamespace,
  image: `${imageRepository}:${clientVersion}`,
  replicas: 2,
  runSessions: 'in-jobs',
  version: clientVersion,
};

const objectsOf = (options: Partial<InstallOptions> = {}) =>
  operatorManifests({ ...standard, ...options }).map(({ object }) => object);

function one<T extends KubernetesObject>(
  kind: T['kind'],
  name: string,
  options: Partial<InstallOptions> = {},
): T {
  const found = objectsOf(options).filter((object) => object.kind === kind && object.metadata.name === name);
  assert.equal(found.length, 1, `one ${kind} ${name}`);
  return found[0] as T;
}

const samples = [
  { file: 'operator.yaml', options: {} },
  { file: 'watch-namespaces.yaml', options: { watchNamespaces: ['demo', 'shop'] } },
];

for (const { file: name, options } of samples) {
  test(`docs/install/${name} contains what the program installs`, () => {
    const file = join(folder, name);
    const printed = objectsOf(options)
      .map((object) => dump(object, { lineWidth: -1, noRefs: true }))
      .join('---\n');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, printed);
    assert.deepEqual(loadAll(printed), objectsOf(options));
    assert.equal(readFileSync(file, 'utf8'), printed);
  });
}

const anyOptions = fc.record({
  namespace: fc.constantFrom('kubectl-stash', 'backup'),
  image: fc.constantFrom('registry.example.com:5000/stash@sha256:0', 'stash:dev'),
  replicas: fc.integer({ min: 1, max: 5 }),
  runSessions: fc.constantFrom('in-jobs' as const, 'in-process' as const),
  version: fc.constantFrom('v0.1.0', 'v1.2.3'),
});

test('with any options: every object has our label, exists once, and is in its namespace or cluster-scoped', () => {
  fc.assert(
    fc.property(anyOptions, (options) => {
      const manifests = operatorManifests(options);
      const keys = manifests.map(({ resource, object }) => `${resource.plural}/${object.metadata.name}`);
      assert.equal(new Set(keys).size, keys.length);
      for (const { resource, object } of manifests) {
        assert.ok(isOurs(object));
        assert.equal(object.kind, resource.kind);
        assert.equal(object.metadata.namespace, resource.namespaced ? options.namespace : undefined);
      }
    }),
  );
});

test('with any options: every binding has its role, and the selectors never change', () => {
  fc.assert(
    fc.property(anyOptions, (options) => {
      const objects = operatorManifests(options).map(({ object }) => object);
      const roles = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
      for (const object of objects.filter(({ kind }) => kind.endsWith('Binding'))) {
        const { roleRef, subjects = [] } = object as unknown as RoleBinding;
        assert.ok(roles.has(`${roleRef.kind}/${roleRef.name}`));
        for (const { kind, name, namespace } of subjects) {
          if (kind === 'ServiceAccount')
            assert.deepEqual([name, namespace], [operatorName, options.namespace]);
        }
      }
      const { spec } = one<Deployment>('Deployment', operatorName, options);
      const selector = {
        matchLabels: { 'app.kubernetes.io/name': 'kubectl-stash', 'app.kubernetes.io/component': 'operator' },
      };
      assert.deepEqual(spec.selector, selector);
      for (const kind of ['PodDisruptionBudget', 'NetworkPolicy']) {
        const { spec } = one<KubernetesObject & { spec: { selector?: object; podSelector?: object } }>(
          kind,
          operatorName,
          options,
        );
        assert.deepEqual(spec.selector ?? spec.podSelector, selector);
      }
      const { labels = {} } = spec.template.metadata ?? {};
      for (const [key, value] of Object.entries(selector.matchLabels)) assert.equal(labels[key], value);
    }),
  );
});

test('the Deployment runs this program without root, and passes its image on for the Jobs', () => {
  const { spec } = one<Deployment>('Deployment', operatorName, {
    image: 'stash:dev',
    runSessions: 'in-process',
    replicas: 3,
  });
  assert.equal(spec.replicas, 3);
  const [container] = spec.template.spec.containers;
  assert.ok(container);
  assert.equal(container.image, 'stash:dev');
  assert.deepEqual(container.args, [
    'operator',
    'run',
    '--run-sessions=in-process',
    '--image=stash:dev',
    '--listen=:8080',
    '--namespace=$(POD_NAMESPACE)',
  ]);
  // Required by the pod security standard "restricted".
  assert.deepEqual(spec.template.spec.securityContext, {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  assert.equal(spec.template.spec.volumes, undefined);
});

test('the Deployment passes exactly the given options to the operator', () => {
  const added = (options: Partial<InstallOptions>) => {
    const { spec } = one<Deployment>('Deployment', operatorName, options);
    return spec.template.spec.containers[0]?.args?.slice(6);
  };
  assert.deepEqual(added({}), []);
  assert.deepEqual(
    added({
      ...{ maxFreezeMs: 90_000, sessionsAtOnce: 200, claimsPerSession: 20 },
      ...{ coverageMetrics: true, logLevel: 'debug' },
    }),
    [
      ...['--max-freeze=1m30s', '--sessions-at-once=200', '--claims-per-session=20'],
      ...['--coverage-metrics', '--log-level=debug'],
    ],
  );
});

test('only with in-process is the operator bound to the roles of the Jobs', () => {
  const bindings = (runSessions: InstallOptions['runSessions']) =>
    objectsOf({ runSessions })
      .filter(({ kind }) => kind === 'ClusterRoleBinding')
      .map(({ metadata }) => metadata.name);
  assert.deepEqual(bindings('in-jobs'), ['kubectl-stash-operator', 'kubectl-stash-snapshot-classes']);
  assert.deepEqual(bindings('in-process'), [
    'kubectl-stash-operator',
    'kubectl-stash-snapshotter-in-process',
    'kubectl-stash-restorer-in-process',
    'kubectl-stash-snapshot-classes',
  ]);
});

test('only an operator that runs sessions in Jobs may create Jobs', () => {
  const verbs = (runSessions: InstallOptions['runSessions']) =>
    one<Role>('ClusterRole', 'kubectl-stash-operator', { runSessions }).rules.find(({ resources }) =>
      resources.includes('jobs'),
    )?.verbs;
  assert.deepEqual(verbs('in-jobs'), ['get', 'list', 'watch', 'create', 'delete']);
  assert.deepEqual(verbs('in-process'), ['get', 'list', 'watch', 'delete']);
});

test('in the namespaces that the operator watches, it is granted its rights by RoleBindings', () => {
  const options = { watchNamespaces: ['demo'] };
  const bound = operatorManifests({ ...standard, ...options })
    .filter(({ object }) => object.kind === 'RoleBinding')
    .map(({ resource, object }) => [resource.plural, object.metadata.name, object.metadata.namespace]);
  assert.deepEqual(bound, [
    ['rolebindings', 'kubectl-stash-operator-watched', 'demo'],
    ['rolebindings', 'kubectl-stash-operator', 'kubectl-stash'],
  ]);
});

test('the operator can bind three roles, and Jobs have no right to delete', () => {
  const { rules } = one<Role>('ClusterRole', 'kubectl-stash-operator');
  const bind = rules.filter(({ verbs }) => verbs.includes('bind'));
  assert.deepEqual(bind, [
    {
      apiGroups: ['rbac.authorization.k8s.io'],
      resources: ['clusterroles'],
      verbs: ['bind'],
      resourceNames: ['kubectl-stash-trigger', 'kubectl-stash-snapshotter', 'kubectl-stash-restorer'],
    },
  ]);
  for (const role of bind[0]?.resourceNames ?? []) {
    const { rules } = one<Role>('ClusterRole', role);
    assert.ok(
      rules.every(({ verbs }) => !verbs.includes('delete')),
      role,
    );
  }
  const everything = objectsOf().flatMap((object) =>
    'rules' in object ? (object as unknown as Role).rules : [],
  );
  assert.ok(everything.every((rule) => !JSON.stringify(rule).includes('*')));
  assert.ok(everything.every(({ resources }) => !resources.includes('secrets')));
});

test('a single replica does not block the drain of its node', () => {
  const minimum = (replicas: number) =>
    one<KubernetesObject & { spec: { minAvailable: number } }>('PodDisruptionBudget', operatorName, {
      replicas,
    }).spec.minAvailable;
  assert.deepEqual([1, 2, 3].map(minimum), [0, 1, 1]);
});
