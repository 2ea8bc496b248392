/** What Helm renders of the chart is what `install -o yaml` prints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadAll } from 'js-yaml';

import { stashCrds } from '#src/api/crds/index.ts';
import type { KubernetesObject, ObjectMeta } from '#src/api/kubernetes.ts';
import { imageRepository } from '#src/api/operator.ts';
import { clientVersion } from '#src/cli/version.ts';
import { operatorManifests } from '#src/domain/install/manifests.ts';
import type { InstallOptions } from '#src/domain/install/options.ts';
import { chart, helmAt } from '#test/support/helm.ts';
import { toolsOrReason } from '#test/support/tools.ts';

import { dashboard } from '../../cmd/chart/dashboard.ts';

const { path, skip } = await toolsOrReason();
const helm = helmAt(path?.helm ?? '');

const standard: InstallOptions = {
  ...{ namespace: 'kubectl-stash', image: `${imageRepository}:${clientVersion}`, replicas: 2 },
  ...{ runSessions: 'in-jobs', version: clientVersion },
};

async function render(values: object = {}, namespace = 'kubectl-stash', ...flags: string[]) {
  const printed = await helm.run(['template', 'stash', chart, '--namespace', namespace, ...flags], values);
  const documents = loadAll(printed) as (KubernetesObject | null | undefined)[];
  return documents.filter((each) => each !== null && each !== undefined);
}

/** Helm creates the namespace, so the chart does not contain it. */
function installed(options: Partial<InstallOptions>): KubernetesObject[] {
  const objects = operatorManifests({ ...standard, ...options }).map(({ object }) => object);
  return [...stashCrds, ...objects.filter(({ kind }) => kind !== 'Namespace')];
}

function byAddress(objects: readonly KubernetesObject[]): Record<string, KubernetesObject> {
  const entries = objects.map((object): [string, KubernetesObject] => {
    const { name = '', namespace = '' } = object.metadata;
    return [`${object.kind} ${namespace}/${name}`, object];
  });
  assert.equal(new Set(entries.map(([address]) => address)).size, entries.length);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What the chart adds to a definition: that Helm keeps it, and whose it is. */
function withoutAdditions(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'CustomResourceDefinition') return object;
  const { annotations, labels = {}, ...rest } = object.metadata;
  assert.deepEqual(annotations, { 'helm.sh/resource-policy': 'keep' });
  const { 'app.kubernetes.io/name': name, ...others } = labels;
  assert.equal(name, 'kubectl-stash');
  return { ...object, metadata: { ...rest, labels: others } };
}

const digest = `sha256:${'0'.repeat(64)}`;

const rendered: readonly [string, object, Partial<InstallOptions>][] = [
  ['the defaults', {}, {}],
  ['another namespace', {}, { namespace: 'backup' }],
  ['a namespace that looks like a number', {}, { namespace: '123' }],
  ['one replica', { replicas: 1 }, { replicas: 1 }],
  ['three replicas', { replicas: 3 }, { replicas: 3 }],
  ['sessions in the operator', { runSessions: 'in-process' }, { runSessions: 'in-process' }],
  ['some namespaces', { watchNamespaces: ['shop', 'demo'] }, { watchNamespaces: ['demo', 'shop'] }],
  [
    'some namespaces, with its own among them, and sessions in the operator',
    { watchNamespaces: ['kubectl-stash', '42'], runSessions: 'in-process', sessionsAtOnce: 7 },
    { watchNamespaces: ['42', 'kubectl-stash'], runSessions: 'in-process', sessionsAtOnce: 7 },
  ],
  [
    'each flag',
    { maxFreeze: '1m30s', claimsPerSession: 10_000, logLevel: 'debug', coverageMetrics: true },
    { maxFreezeMs: 90_000, claimsPerSession: 10_000, logLevel: 'debug', coverageMetrics: true },
  ],
  [
    'an image of another registry',
    { image: { repository: 'registry.example.com:5000/a/stash', tag: '1' } },
    { image: 'registry.example.com:5000/a/stash:1' },
  ],
  ['an image by digest', { image: { repository: 'stash', tag: 'v9', digest } }, { image: `stash@${digest}` }],
];

for (const [what, values, options] of rendered) {
  test(`object for object as install prints it: ${what}`, { skip }, async () => {
    const objects = (await render(values, options.namespace)).map(withoutAdditions);
    assert.deepEqual(byAddress(objects), byAddress(installed(options)));
    await helm.run(['lint', '--strict', chart, '--namespace', options.namespace ?? 'kubectl-stash'], values);
  });
}

test('without the definitions', { skip }, async () => {
  const objects = await render({ crds: { install: false } });
  assert.deepEqual(
    byAddress(objects),
    byAddress(installed({}).filter(({ kind }) => kind !== 'CustomResourceDefinition')),
  );
});

test('labels for every object and the pods, but not for selectors', { skip }, async () => {
  const label = { 'example.com/team': 'a-b' };
  const monitoring = { podMonitor: { enabled: true }, prometheusRule: { enabled: true } };
  const objects = await render({ extraLabels: label, ...monitoring });
  for (const { kind, metadata } of objects)
    assert.equal(metadata.labels?.['example.com/team'], 'a-b', `${kind} ${metadata.name ?? ''}`);
  const { spec } = deploymentOf(objects);
  assert.equal(spec.template.metadata.labels?.['example.com/team'], 'a-b');
  assert.deepEqual(spec.selector, deploymentOf(installed({})).spec.selector);
});

interface Operator extends KubernetesObject {
  spec: {
    selector: object;
    template: {
      metadata: ObjectMeta;
      spec: { priorityClassName?: string; containers: { resources?: object; ports: { name: string }[] }[] };
    };
  };
}

function deploymentOf(objects: readonly KubernetesObject[]): Operator {
  return objects.find(({ kind }) => kind === 'Deployment') as Operator;
}

test('resources and priority of the pods', { skip }, async () => {
  const requests = { cpu: '1', memory: '1Gi' };
  const values = { resources: { requests }, priorityClassName: 'system-cluster-critical' };
  const { spec } = deploymentOf(await render(values)).spec.template;
  assert.equal(spec.priorityClassName, 'system-cluster-critical');
  const limits = { memory: '512Mi' };
  assert.deepEqual(spec.containers[0]?.resources, { requests, limits });
});

test('a PodMonitor selects the pods and their port; a PrometheusRule has the alerts', { skip }, async () => {
  const labels = { release: 'prometheus' };
  const objects = await render({
    podMonitor: { enabled: true, labels },
    prometheusRule: { enabled: true, labels },
  });
  const only = (kind: string) =>
    objects.find((object) => object.kind === kind) as KubernetesObject & {
      spec: { selector?: object; podMetricsEndpoints?: object; groups?: { rules: { alert: string }[] }[] };
    };
  const monitor = only('PodMonitor');
  const { spec } = deploymentOf(objects);
  assert.deepEqual(monitor.spec.selector, spec.selector);
  const [port] = spec.template.spec.containers[0]?.ports ?? [];
  assert.deepEqual(monitor.spec.podMetricsEndpoints, [{ port: port?.name }]);
  const rule = only('PrometheusRule');
  const alerts = rule.spec.groups?.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  assert.ok(alerts?.includes('StashBackupOverdue'));
  for (const { metadata } of [monitor, rule]) {
    assert.equal(metadata.labels?.['release'], 'prometheus');
    assert.equal(metadata.namespace, 'kubectl-stash');
  }
});

test('a ConfigMap has the dashboard', { skip }, async () => {
  const objects = await render({ dashboard: { enabled: true } });
  const { metadata, data } = objects.find(({ kind }) => kind === 'ConfigMap') as KubernetesObject & {
    data: Record<string, string>;
  };
  assert.equal(metadata.labels?.['grafana_dashboard'], '1');
  assert.deepEqual(JSON.parse(data['kubectl-stash.json'] ?? ''), JSON.parse(JSON.stringify(dashboard())));
});

const refused: readonly [object, RegExp][] = [
  [{ replica: 3 }, /replica/],
  [{ replicas: 0 }, /replicas/],
  [{ runSessions: 'in-threads' }, /runSessions/],
  [{ sessionsAtOnce: 5 }, /runSessions/],
  [{ maxFreeze: '0s' }, /maxFreeze/],
  [{ maxFreeze: 'soon' }, /maxFreeze/],
  [{ watchNamespaces: ['Demo'] }, /watchNamespaces/],
  [{ watchNamespaces: ['a', 'a'] }, /watchNamespaces/],
  [{ claimsPerSession: 1_000_000 }, /claimsPerSession/],
  [{ image: { tag: 1.2 } }, /tag/],
  [{ image: { repository: 'a b' } }, /repository/],
  [{ extraLabels: { 'app.kubernetes.io/name': 'mine' } }, /propertyName 'app.kubernetes.io\/name'/],
  [{ extraLabels: { a: 1 } }, /extraLabels/],
];

for (const [values, words] of refused) {
  test(`the schema refuses ${JSON.stringify(values)}`, { skip }, async () => {
    await assert.rejects(render(values), words);
  });
}

test("refuses to install beside AppsCode's operator", { skip }, async () => {
  const served = ['--api-versions', 'admission.stash.appscode.com/v1alpha1'];
  await assert.rejects(
    render({}, 'kubectl-stash', ...served),
    /AppsCode's Stash operator runs in this cluster; both would carry out the same sessions/,
  );
});
