/** The same templates and the same objects, given to kubectl and to us. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, suite, test } from 'node:test';

import type { KubernetesObject } from '#src/api/kubernetes.ts';
import { deployments, namespaces } from '#src/api/resources.ts';
import { print } from '#src/cli/output.ts';
import { startSandbox, type Sandbox } from '#src/sandbox/sandbox.ts';
import { missingKubectl } from '#test/e2e/kubectl.ts';
import { testContext } from '#test/support/context.ts';

const run = promisify(execFile);

function deployment(name: string, replicas: number, images: readonly string[]): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: 'demo',
      annotations: { 'example.com/note': `<${name}> & "co"`, plain: 'é' },
    },
    spec: {
      replicas,
      paused: replicas === 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) },
      },
    },
  } as KubernetesObject;
}

const templates = [
  '{.items[*].metadata.name}',
  '{.items[0].metadata.name}{"\\n"}',
  '{.items[-1].metadata.name}',
  '{.items[0:2].metadata.name}',
  '{.items[1:].metadata.name}',
  '{.items[:-1].metadata.name}',
  '{.items[::2].metadata.name}',
  '{.items[0,2].metadata.name}',
  "{.items[*]['metadata.name','spec.replicas']}",
  '{.items[0].metadata.annotations.example\\.com/note}',
  "{.items[0].metadata.annotations['example\\.com/note']}",
  '{.items[0].metadata.annotations}',
  '{.items[*].spec.template.spec.containers[*].image}',
  '{.items[*].spec.template.spec.containers[-1].image}',
  '{.items[?(@.metadata.name=="web")].spec.replicas}',
  "{.items[?(@.metadata.name!='web')].metadata.name}",
  '{.items[?(@.spec.replicas>1)].metadata.name}',
  '{.items[?(@.spec.replicas<=1)].metadata.name}',
  '{.items[?(@.spec.paused==true)].metadata.name}',
  '{.items[?(@.spec.paused)].metadata.name}',
  '{.items[*].spec.template.spec.containers[?(@.name=="c1")].image}',
  '{..image}',
  '{.items[0].spec.selector.*.app}',
  '{range .items[*]}{.metadata.name}{"\\t"}{.spec.replicas}{"\\n"}{end}',
  '{range .items[*]}{.metadata.name}:{range .spec.template.spec.containers[*]} {.image}{end};{end}',
  '{range .items[*]}[{.metadata.name}, {.spec.none}] {end}',
  '{range .none[*]}x{end}after',
  'text {.kind} and {"\\u00e9\\x41"} and {\'single "double"\'}',
  '{.none.of.these}',
  '{.items[0].spec.paused} {.items[0].spec.replicas}',
  '{ .items[0].metadata.name }',
  '{$.kind}{@.kind}',
  '{.items[9].metadata.name}',
  '{.items[*].metadata[0]}',
  '{.items[?(@.spec.replicas=="1")].metadata.name}',
  '{.items[x]}',
  '{.items',
  '{end}',
  '{upper .kind}',
  '{.items[?(@.a==1 && @.b==2)]}',
];

const specs = [
  'NAME:.metadata.name,REPLICAS:.spec.replicas',
  'Name:metadata.name,Images:{.spec.template.spec.containers[*].image}',
  'A:.metadata.annotations,N:.none',
  'S:.spec.selector,P:.spec.paused',
  'NAME',
];

await suite('kubectl prints the same', { skip: missingKubectl() }, () => {
  let sandbox: Sandbox;
  let home: string;
  let list: unknown;
  const kubectl = async (format: string) => {
    const env = { ...process.env, KUBECONFIG: sandbox.kubeconfig, HOME: home };
    return (await run('kubectl', ['get', 'deployments', '-n', 'demo', '-o', format], { env })).stdout;
  };
  const outcome = async (text: Promise<string>) => text.catch(() => 'refused');
  const ours = async (format: 'json' | `jsonpath=${string}` | `custom-columns=${string}`) => {
    const context = testContext();
    await print(context.out, format, { value: () => list });
    return context.stdout();
  };

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'stash-json-path-'));
    sandbox = await startSandbox({ directory: join(home, 'sandbox') });
    await sandbox.cluster.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'demo' },
    });
    for (const object of [
      deployment('cache', 0, ['redis']),
      deployment('db', 1, ['postgres', 'exporter']),
      deployment('web', 3, ['nginx', 'php']),
    ])
      await sandbox.cluster.create(deployments, object);
    list = JSON.parse(await kubectl('json'));
  });
  after(async () => {
    await sandbox.stop();
    await rm(home, { recursive: true, force: true });
  });

  for (const template of templates) {
    test(`jsonpath=${template}`, async () => {
      const [theirs, own] = await Promise.all([
        outcome(kubectl(`jsonpath=${template}`)),
        outcome(ours(`jsonpath=${template}`)),
      ]);
      assert.equal(own, theirs);
    });
  }
  for (const spec of specs) {
    test(`custom-columns=${spec}`, async () => {
      const cells = (text: string) => text.split('\n').map((line) => line.trimEnd().split(/ {2,}/));
      const [theirs, own] = await Promise.all([
        outcome(kubectl(`custom-columns=${spec}`)),
        outcome(ours(`custom-columns=${spec}`)),
      ]);
      assert.deepEqual(cells(own), cells(theirs));
    });
  }
});
